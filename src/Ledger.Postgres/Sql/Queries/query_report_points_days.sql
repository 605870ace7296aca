select day, account, sum(points)::bigint as points
from ledger.points_days
where tenant_id = $1 and program = $2 and day >= $3 and day < $4 and (day, account) > ($5, $6)
group by day, account
order by day, account
limit $7
