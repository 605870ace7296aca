copy (
    select tenant_id, program, day, cohort, account, points
    from ledger.points_days
    where {books}
) to stdout (format binary)
