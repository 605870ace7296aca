select day, store, issued, redeemed, voided, returned, amount, discount
from ledger.store_days
where tenant_id = $1 and day >= $2 and day < $3 and (day, store) > ($4, $5)
order by day, store
limit $6
