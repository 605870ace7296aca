select k.ord, t.value
from unnest($1, $2) with ordinality as k (tenant_id, key, ord)
cross join lateral (select value from ledger.tallies where tenant_id = k.tenant_id and key = k.key limit 1) as t
