select coalesce(max(coupons), 0) from (
    select count(*) as coupons
    from ledger.mt_events
    where tenant_id = $1 and type = 'coupon_issued' and data ->> 'campaign' = $2
    group by data ->> 'member') as members
