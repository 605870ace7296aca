copy (
    select tenant_id, day, store, issued, redeemed, voided, returned, amount, discount
    from ledger.store_days
    where {books}
) to stdout (format binary)
