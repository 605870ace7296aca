select k.ord, r.fingerprint, r.outcome
from (select unnest($1) as tenant_id, unnest($2) as key, generate_subscripts($1, 1) as ord) as k
cross join lateral (select fingerprint, outcome from ledger.requests where tenant_id = k.tenant_id and key = k.key limit 1) as r
