copy (
    select tenant_id, key, value
    from ledger.tallies
    where {books}
) to stdout (format binary)
