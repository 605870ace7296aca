copy (
    select tenant_id, campaign, issued, redeemed, voided, returned, deactivated, expired, amount, discount, face_valued, face_value
    from ledger.campaign_totals
    where {books}
) to stdout (format binary)
