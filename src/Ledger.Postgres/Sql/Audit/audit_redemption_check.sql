copy (
    select tenant_id, code, status, campaign, terms_version, member, valid_from, valid_to, redemption_id, redeemed_at, discount, entry, held_until
    from ledger.redemption_check
    where {books}
) to stdout (format binary)
