copy (
    select tenant_id, head, head_hash
    from ledger.books
    where {books}
    order by tenant_id
) to stdout (format binary)
