-- The events of streams whose stored state has another shape than the code's.
select k.ord, e.type, e.data
from (select unnest($1) as tenant_id, unnest($2) as stream_id, generate_subscripts($1, 1) as ord) as k
join ledger.mt_events e on e.tenant_id = k.tenant_id and e.stream_id = k.stream_id
order by k.ord, e.version
