select k.ord, r.fingerprint, r.outcome
from unnest($1, $2) with ordinality as k (tenant_id, key, ord)
cross join lateral (select fingerprint, outcome from ledger.requests where tenant_id = k.tenant_id and key = k.key limit 1) as r
