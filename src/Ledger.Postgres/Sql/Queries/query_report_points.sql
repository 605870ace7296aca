-- What each account of a programme holds, by cohort.
select cohort, account, sum(points)::bigint as points
from ledger.points_days
where tenant_id = $1 and program = $2
group by cohort, account
order by cohort, account
