-- Slices whose two books do not agree: on their way, or given up in the merchant's book and not yet back in the pool's. Those whose
-- state this code cannot compare ($1, $2: the schemas that it can) count too: carrying one on that is at rest changes nothing.
select g.tenant_id, g.slice
from ledger.books as b
cross join lateral (
    select tenant_id, substr(id, 7) as slice, state, state_schema
    from ledger.mt_streams
    where tenant_id = b.tenant_id and id > 'grant-' and id < 'grant-' || repeat('z', 65) and type = 'grant'
) as g
left join ledger.mt_streams as s on s.tenant_id = g.state::jsonb ->> 'merchant' and s.id = 'slice-' || g.slice
where g.state_schema is distinct from $1
    or g.state::jsonb ->> 'status' = 'InFlight'
    or (g.state::jsonb ->> 'status' = 'Received' and (s.state_schema is distinct from $2 or s.state::jsonb -> 'returned' <> g.state::jsonb -> 'returned'))
order by g.tenant_id, g.slice
