-- The next $5 timers that are due at $1, after the one named by $2 to $4; those of transfers are another worker's.
select tenant_id, stream_id, due_at
from ledger.timers
where due_at <= $1 and (due_at, tenant_id, stream_id) > ($2, $3, $4) and stream_id not like 'transfer-%'
order by due_at, tenant_id, stream_id
limit $5
