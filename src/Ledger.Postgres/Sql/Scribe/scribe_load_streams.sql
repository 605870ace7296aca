-- Functions in a select list give their rows one by one; in a from list each would store all of its rows first.
-- lateral ... limit 1 keeps this an index look-up per key whatever the planner believes of the table's size.
select k.ord, s.version, s.state, s.state_schema
from (select unnest($1) as tenant_id, unnest($2) as id, generate_subscripts($1, 1) as ord) as k
cross join lateral (
    select version, state, state_schema from ledger.mt_streams where tenant_id = k.tenant_id and id = k.id limit 1
) as s
