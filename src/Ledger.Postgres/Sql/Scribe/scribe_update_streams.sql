update ledger.mt_streams s
set version = k.version, timestamp = k.timestamp, status = k.status, state = k.state, state_schema = k.state_schema
from (
    select
        unnest($1) as tenant_id, unnest($2) as id, unnest($3) as version, unnest($4) as timestamp, unnest($5) as status, unnest($6) as state,
        unnest($7) as state_schema
) as k
where s.tenant_id = k.tenant_id and s.id = k.id
