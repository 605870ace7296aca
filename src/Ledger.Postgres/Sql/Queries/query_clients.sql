-- The merchants that a provider serves, in the order of their ids.
select substr(id, 8) as merchant, (state::jsonb ->> 'since')::timestamptz as since
from ledger.mt_streams
where tenant_id = $1 and id > 'client-' || $2 and id < 'client-' || repeat('z', 65) and type = 'client' and (state::jsonb -> 'isServed')::boolean
order by id
limit $3
