select version, seq_id, type, data
from ledger.mt_events
where tenant_id = $1 and stream_id = $2 and version > $3
order by version
limit $4
