-- Plans of a merchant in the order of their ids; bounds as in query_points_programs.sql.
select substr(id, 11)
from ledger.mt_streams
where tenant_id = $1 and id > 'lightplan-' || $2 and id < 'lightplan-' || repeat('z', 65) and type = 'light_plan'
order by id
limit $3
