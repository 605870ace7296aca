-- Sums per business date and store. Issuing knows no store, and an issue that was cancelled counts back on its own day; voids and returns are booked on their own date, under the redemption's store.
-- A basket of several coupons counts once: with the coupon that it is named by, which has no lead.
merge into store_days as d
using (
    select
        e.tenant_id,
        (e.data ->> 'date')::date as day,
        case when e.type in ('coupon_issued', 'coupon_issue_cancelled') then '' else coalesce(e.data ->> 'store', '') end as store,
        count(*) filter (where e.type = 'coupon_issued') - count(*) filter (where e.type = 'coupon_issue_cancelled') as issued,
        count(*) filter (where e.type = 'coupon_redeemed') as redeemed,
        count(*) filter (where e.type = 'redemption_voided') as voided,
        count(*) filter (where e.type = 'coupon_returned') as returned,
        coalesce(sum(case
            when e.data ? 'lead' then 0
            when e.type = 'coupon_redeemed' then (e.data -> 'amount')::bigint
            when e.type in ('redemption_voided', 'coupon_returned') then -(e.data -> 'amount')::bigint end), 0)::bigint as amount,
        coalesce(sum(case e.type
            when 'coupon_redeemed' then (e.data -> 'discount')::bigint
            when 'redemption_voided' then -(e.data -> 'discount')::bigint
            when 'coupon_returned' then -(e.data -> 'discount')::bigint end), 0)::bigint as discount
    from entries as e
    where e.type in ('coupon_issued', 'coupon_issue_cancelled', 'coupon_redeemed', 'redemption_voided', 'coupon_returned')
    group by 1, 2, 3
) as e on d.tenant_id = e.tenant_id and d.day = e.day and d.store = e.store
when matched then update set
    issued = d.issued + e.issued,
    redeemed = d.redeemed + e.redeemed,
    voided = d.voided + e.voided,
    returned = d.returned + e.returned,
    amount = d.amount + e.amount,
    discount = d.discount + e.discount
when not matched then insert (tenant_id, day, store, issued, redeemed, voided, returned, amount, discount)
values (e.tenant_id, e.day, e.store, e.issued, e.redeemed, e.voided, e.returned, e.amount, e.discount)
