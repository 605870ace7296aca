copy (
    -- The keys alone, so that the index answers.
    select tenant_id, key
    from ledger.requests
    where {books}
) to stdout (format binary)
