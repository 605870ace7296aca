-- The next $5 timers that are due at $1, after the one named by $2 to $4; those of transfers are another worker's. version: the stream's, at the same moment.
select
    t.tenant_id, t.stream_id, t.due_at,
    coalesce((select s.version from ledger.mt_streams as s where s.tenant_id = t.tenant_id and s.id = t.stream_id), 0) as version
from ledger.timers as t
where due_at <= $1 and (due_at, tenant_id, stream_id) > ($2, $3, $4) and stream_id not like 'transfer-%'
order by due_at, tenant_id, stream_id
limit $5
