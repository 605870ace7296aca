-- What book $1 may still come to collect from light memberships at $2, by how long ago they ended: while they run by what was enjoyed, later by what is due.
select
    case
        when ends_at > $2 then 'running'
        when ends_at > $2 - interval '30 days' then '0-30'
        when ends_at > $2 - interval '60 days' then '31-60'
        when ends_at > $2 - interval '90 days' then '61-90'
        else 'over-90'
    end as age,
    count(*),
    sum(case status when 'Active' then least(fee, benefit, guarantee) else greatest(due - collected + refunded, 0) end)::bigint,
    sum(benefit)::bigint
from ledger.agreements
where tenant_id = $1 and status in ('Active', 'Settling', 'Dunning', 'SettleFailed')
group by 1
