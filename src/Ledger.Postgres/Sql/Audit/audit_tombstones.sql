copy (
    -- The partial index knows them.
    select tenant_id, key, outcome
    from ledger.requests
    where {books} and fingerprint = '\x'
) to stdout (format binary)
