update ledger.mt_streams s
set version = k.version, timestamp = k.timestamp, state = k.state, state_schema = k.state_schema
from unnest($1, $2, $3, $4, $5, $6) as k (tenant_id, id, version, timestamp, state, state_schema)
where s.tenant_id = k.tenant_id and s.id = k.id
