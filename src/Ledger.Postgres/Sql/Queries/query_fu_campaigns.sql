-- Campaigns that time or their shards may take further: committed, and not closed.
select tenant_id, substr(id, 12) as campaign
from ledger.mt_streams
where type = 'fucampaign' and state::jsonb ->> 'status' in ('Committed', 'Open', 'Revealed', 'Paying')
order by tenant_id, id
