copy (
    select tenant_id, id, type, version, timestamp, created, is_archived, status, state, state_schema
    from ledger.mt_streams
    where {books}
) to stdout (format binary)
