-- The events of streams whose stored state has another shape than the code's.
select k.ord, e.type, e.data
from unnest($1, $2) with ordinality as k (tenant_id, stream_id, ord)
join ledger.mt_events e on e.tenant_id = k.tenant_id and e.stream_id = k.stream_id
order by k.ord, e.version
