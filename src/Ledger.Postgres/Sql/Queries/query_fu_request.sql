-- What is kept under a request key $2 in the shards of a merchant's $1 campaigns, which a draft has none of: their books begin with the merchant's id and a tilde, which no id holds.
select r.outcome
from ledger.mt_streams as c
cross join lateral (select (c.state::jsonb -> 'rules' ->> 'shards')::int) as of(shards)
cross join lateral generate_series(0, of.shards - 1) as at(shard)
join ledger.requests as r on r.tenant_id = format('%s~%s~%s~%s', c.tenant_id, substr(c.id, 12), at.shard, of.shards) and r.key = $2
where c.tenant_id = $1 and c.type = 'fucampaign' and c.state::jsonb ->> 'status' <> 'Draft'
order by c.id collate "C", at.shard
limit 1
