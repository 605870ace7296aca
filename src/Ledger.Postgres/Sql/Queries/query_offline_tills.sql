-- A merchant's tills that ever forwarded or synchronised. A name has at most 129 characters.
select substr(id, 6) as till, state, state_schema
from ledger.mt_streams
where tenant_id = $1 and id > 'till-' || $2 and id < 'till-' || repeat('z', 130) and type = 'till'
order by id
limit $3
