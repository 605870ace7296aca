-- Of whom a use stands, as in query_report_campaigns.sql.
select t.campaigns, t.issued, t.redeemed, t.amount, t.discount, t.face_valued, t.face_value, w.members, w.members_redeeming
from (
    select count(*) as campaigns, coalesce(sum(issued), 0)::bigint as issued, coalesce(sum(redeemed), 0)::bigint as redeemed,
           coalesce(sum(amount), 0)::bigint as amount, coalesce(sum(discount), 0)::bigint as discount,
           coalesce(sum(face_valued), 0)::bigint as face_valued, coalesce(sum(face_value), 0)::bigint as face_value
    from ledger.campaign_totals where tenant_id = $1
) as t
cross join (
    select count(distinct w.member) as members, count(distinct w.member) filter (where s.status = 'used' or (s.state_schema >= 3 and s.state not like '%"uses":0,%')) as members_redeeming
    from ledger.wallets as w
    join ledger.mt_streams as s on s.tenant_id = w.tenant_id and s.id = 'coupon-' || w.code
    where w.tenant_id = $1
) as w
