-- Campaigns of a merchant with their current terms and the exact number issued, in the order of their ids. The upper bound
-- is above every id in any collation: an id has at most 64 characters.
select substr(c.id, 10) as campaign, c.state as campaign_state, c.state_schema as campaign_schema, t.state as terms_state, t.state_schema as terms_schema,
       coalesce(i.value, 0) as issued
from ledger.mt_streams c
left join ledger.mt_streams t on t.tenant_id = c.tenant_id and t.id = 'terms-' || substr(c.id, 10) || '-' || (c.state::jsonb ->> 'termsVersion')
left join ledger.tallies i on i.tenant_id = c.tenant_id and i.key = 'issued/' || substr(c.id, 10)
where c.tenant_id = $1 and c.id > 'campaign-' || $2 and c.id < 'campaign-' || repeat('z', 65) and c.type = 'campaign'
order by c.id
limit $3
