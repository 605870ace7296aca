copy (
    select tenant_id, owner, campaign, cards, coupons, converted, redeemed, voided, members
    from ledger.fu_totals
    where {books}
) to stdout (format binary)
