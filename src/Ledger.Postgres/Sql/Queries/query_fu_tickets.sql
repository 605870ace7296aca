-- Who has the tickets of a shard $1, in the order of their numbers, and which of them take part in the grand draw.
select data ->> 'user', data ->> 'grand' is not null from ledger.mt_events where tenant_id = $1 and type = 'five_composed' order by seq_id
