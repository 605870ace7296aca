-- Payments of the merchants $1, coupons that offers brought, and points that payments earned.
select
    (select coalesce(sum(payments), 0) from ledger.payment_days where tenant_id = any ($1))::bigint,
    (select coalesce(sum(value), 0) from ledger.tallies where tenant_id = any ($1) and key = 'issued/thanks')::bigint,
    (select coalesce(-sum(value), 0) from ledger.tallies where tenant_id = any ($1) and key = 'points/club/expense/merchant')::bigint
