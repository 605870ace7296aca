copy (
    select tenant_id, campaign, portal, position, owner, issued, converted, redeemed, voided
    from ledger.surface_totals
    where {books}
) to stdout (format binary)
