-- The benefits of a month, the most redeemed first.
select benefit, redeemed, points
from ledger.benefit_months
where tenant_id = $1 and month = $2 and redeemed > 0
order by redeemed desc, points desc, benefit
limit $3
