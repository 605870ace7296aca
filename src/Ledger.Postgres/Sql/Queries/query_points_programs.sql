-- Programmes of a merchant in the order of their ids. The upper bound is above every id in any collation: an id has at most 64 characters.
select substr(id, 15)
from ledger.mt_streams
where tenant_id = $1 and id > 'pointsprogram-' || $2 and id < 'pointsprogram-' || repeat('z', 65) and type = 'points_program'
order by id
limit $3