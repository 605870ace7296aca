-- A use stands of coupons that are used, and of those of several uses that are not used up: their state, whose spelling is canonical, says how many.
select t.campaign, t.issued, t.redeemed, t.voided, t.returned, t.deactivated, t.expired, t.amount, t.discount, t.face_valued, t.face_value,
       w.members, w.members_redeeming
from ledger.campaign_totals t
cross join lateral (
    select count(distinct w.member) as members, count(distinct w.member) filter (where s.status = 'used' or s.state not like '%"uses":0,%') as members_redeeming
    from ledger.wallets as w
    join ledger.mt_streams as s on s.tenant_id = w.tenant_id and s.id = 'coupon-' || w.code
    where w.tenant_id = t.tenant_id and w.campaign = t.campaign
) as w
where t.tenant_id = $1 and t.campaign > $2
order by t.campaign
limit $3
