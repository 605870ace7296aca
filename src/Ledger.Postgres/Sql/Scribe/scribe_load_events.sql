-- The events of streams whose stored state has another shape than the code's. The inner order by keeps this a walk of the index per stream whatever the planner
-- believes of the table's size.
select k.ord, e.type, e.data
from (select unnest($1) as tenant_id, unnest($2) as stream_id, generate_subscripts($1, 1) as ord) as k
cross join lateral (
    select version, type, data from ledger.mt_events where tenant_id = k.tenant_id and stream_id = k.stream_id order by version
) as e
order by k.ord, e.version
