copy (
    select tenant_id, member, code, campaign, status, valid_from, valid_to, redeemed_at, entry
    from ledger.wallet
    where {books}
) to stdout (format binary)
