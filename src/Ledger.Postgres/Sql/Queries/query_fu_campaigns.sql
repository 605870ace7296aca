-- Campaigns that time or their shards may take further: committed, and not closed.
select b.tenant_id, c.campaign
from ledger.books as b
cross join lateral (
    select substr(id, 12) as campaign
    from ledger.mt_streams
    where tenant_id = b.tenant_id and id > 'fucampaign-' and id < 'fucampaign-' || repeat('z', 65) and type = 'fucampaign'
        and state::jsonb ->> 'status' in ('Committed', 'Open', 'Revealed', 'Paying')
) as c
order by b.tenant_id, c.campaign
