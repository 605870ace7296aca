-- Slices of a pool in the order of their ids. The upper bound is above every id in any collation.
select substr(id, 7) as slice, state, state_schema
from ledger.mt_streams
where tenant_id = $1 and id > 'grant-' || $2 and id < 'grant-' || repeat('z', 65) and type = 'grant'
order by id
limit $3
