-- What book $1 may still come to collect from light memberships at $2, by how long ago they ended: while they run by what was enjoyed, later by what is due and
-- not collected, settlement by settlement; what a merchant gave back on its own wish is not collected again. Where no state is stored the sums have to do.
select
    case
        when a.ends_at > $2 then 'running'
        when a.ends_at > $2 - interval '30 days' then '0-30'
        when a.ends_at > $2 - interval '60 days' then '31-60'
        when a.ends_at > $2 - interval '90 days' then '61-90'
        else 'over-90'
    end as age,
    count(*),
    sum(case a.status when 'Active' then least(a.fee, a.benefit, a.guarantee) else coalesce(o.due, greatest(a.due - a.collected + a.refunded, 0)) end)::bigint,
    sum(a.benefit)::bigint
from ledger.agreements as a
left join lateral (
    select sum(greatest((one ->> 'due')::bigint - (one ->> 'collected')::bigint, 0)) as due
    from ledger.mt_streams as s, jsonb_array_elements(s.state::jsonb -> 'settlements') as one
    where s.tenant_id = a.tenant_id and s.id = 'agreement-' || a.agreement
) as o on a.status <> 'Active'
where a.tenant_id = $1 and a.status in ('Active', 'Settling', 'Dunning', 'SettleFailed')
group by 1
