update ledger.mt_streams s
set version = k.version, timestamp = k.timestamp, status = k.status, state = k.state, state_schema = k.state_schema
from unnest($1, $2, $3, $4, $5, $6, $7) as k (tenant_id, id, version, timestamp, status, state, state_schema)
where s.tenant_id = k.tenant_id and s.id = k.id
