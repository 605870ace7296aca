-- The row locks of the batch's books, always taken in the same order.
select tenant_id, head, head_hash
from ledger.books
where tenant_id = any ($1)
order by tenant_id
for no key update
