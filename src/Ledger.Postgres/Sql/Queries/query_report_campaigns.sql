select t.campaign, t.issued, t.redeemed, t.voided, t.returned, t.deactivated, t.expired, t.amount, t.discount, t.face_valued, t.face_value,
       w.members, w.members_redeeming
from ledger.campaign_totals t
cross join lateral (
    select count(distinct member) as members, count(distinct member) filter (where status = 'used') as members_redeeming
    from ledger.redemption_check where tenant_id = t.tenant_id and campaign = t.campaign
) as w
where t.tenant_id = $1 and t.campaign > $2
order by t.campaign
limit $3
