copy (
    -- How many requests each book keeps; the key alone, so that the index answers.
    select tenant_id, count(*)
    from ledger.requests
    where {books}
    group by tenant_id
) to stdout (format binary)
