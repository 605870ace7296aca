copy (
    select tenant_id, month, benefit, redeemed, points
    from ledger.benefit_months
    where {books}
) to stdout (format binary)
