-- Transfers of a merchant in the order of their numbers, of one state where $3 names it.
select id, state, state_schema
from ledger.mt_streams
where tenant_id = $1 and id > 'transfer-' || $2 and id < 'transfer-' || repeat('z', 65) and type = 'transfer' and ($3 = '' or status = $3)
order by id
limit $4
