copy (
    select tenant_id, code, member, campaign, terms_version, valid_to, hidden
    from ledger.wallets
    where {books}
) to stdout (format binary)
