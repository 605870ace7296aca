select member, available, pending, held, arrears, lifetime, tier
from ledger.points_balances
where tenant_id = $1 and program = $2 and member > $3
order by member
limit $4
