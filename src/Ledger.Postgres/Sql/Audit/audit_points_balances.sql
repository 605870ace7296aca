copy (
    select tenant_id, program, member, available, pending, held, arrears, lifetime, tier
    from ledger.points_balances
    where {books}
) to stdout (format binary)
