-- Days $2 to $3 (exclusive) of a merchant with their stores, behind day $4 and store $5.
select day, store, payments, amount, refunds, refunded
from ledger.payment_days
where tenant_id = $1 and day >= $2 and day < $3 and (day, store) > ($4, $5)
order by day, store
limit $6
