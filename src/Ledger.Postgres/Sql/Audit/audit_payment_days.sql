copy (
    select tenant_id, day, store, payments, amount, refunds, refunded
    from ledger.payment_days
    where {books}
) to stdout (format binary)
