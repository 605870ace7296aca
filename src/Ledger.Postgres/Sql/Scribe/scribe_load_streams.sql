-- lateral ... limit 1 keeps this an index look-up per key whatever the planner believes of the table's size.
select k.ord, s.version, s.state, s.state_schema
from unnest($1, $2) with ordinality as k (tenant_id, id, ord)
cross join lateral (
    select version, state, state_schema from ledger.mt_streams where tenant_id = k.tenant_id and id = k.id limit 1
) as s
