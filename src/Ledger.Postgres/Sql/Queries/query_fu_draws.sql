-- All cards that were drawn in the shards $1 of a campaign, as its proof has them: by user in the order of bytes, then by the number of the draw.
select data ->> 'user', (data ->> 'index')::bigint, data ->> 'source', data ->> 'type'
from ledger.mt_events
where tenant_id = any($1) and type = 'card_drawn'
order by data ->> 'user' collate "C", (data ->> 'index')::bigint
