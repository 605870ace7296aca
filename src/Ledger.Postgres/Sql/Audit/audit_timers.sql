copy (
    select tenant_id, stream_id, due_at
    from ledger.timers
    where {books}
) to stdout (format binary)
