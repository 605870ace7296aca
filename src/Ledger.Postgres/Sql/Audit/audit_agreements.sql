copy (
    select tenant_id, agreement, member, plan, status, fee, guarantee, ends_at, benefit, due, collected, refunded
    from ledger.agreements
    where {books}
) to stdout (format binary)
