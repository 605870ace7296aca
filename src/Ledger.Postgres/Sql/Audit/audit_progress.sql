copy (
    select tenant_id, reader, seq_id
    from ledger.progress
    where {books}
) to stdout (format binary)
