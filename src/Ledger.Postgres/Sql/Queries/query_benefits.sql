-- Benefits of a merchant in the order of their ids. The upper bound is above every id in any collation: an id has at most 64 characters.
select substr(id, 9)
from ledger.mt_streams
where tenant_id = $1 and id > 'benefit-' || $2 and id < 'benefit-' || repeat('z', 65) and type = 'benefit'
order by id
limit $3