-- A use stands of coupons that are used, and of those of several uses that are not used up: their state, whose spelling is canonical, says how many.
with t as materialized (
    select campaign, issued, redeemed, voided, returned, deactivated, expired, amount, discount, face_valued, face_value
    from ledger.campaign_totals
    where tenant_id = $1 and campaign > $2
    order by campaign
    limit $3
), m as (
    select w.campaign, count(distinct w.member) as members, count(distinct w.member) filter (where s.status = 'used' or (s.state_schema >= 3 and s.state not like '%"uses":0,%')) as members_redeeming
    from ledger.wallets as w
    join ledger.mt_streams as s on s.tenant_id = w.tenant_id and s.id = 'coupon-' || w.code
    where w.tenant_id = $1 and w.campaign > $2 and w.campaign <= (select max(campaign) from t)
    group by w.campaign
)
select t.campaign, t.issued, t.redeemed, t.voided, t.returned, t.deactivated, t.expired, t.amount, t.discount, t.face_valued, t.face_value,
       coalesce(m.members, 0), coalesce(m.members_redeeming, 0)
from t
left join m on m.campaign = t.campaign
order by t.campaign
