-- Entry $2 of book $1, as policy_entries.sql gives it.
select e.tenant_id, e.seq_id, e.id, e.type, e.data, e.correlation_id, e.stream_id
from ledger.mt_events as e
where e.tenant_id = $1 and e.seq_id = $2
