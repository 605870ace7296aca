-- Of the books $1 those that have a stream whose id begins with $2.
select b.tenant_id
from unnest($1::varchar[]) as b (tenant_id)
where exists (select from ledger.mt_streams as s where s.tenant_id = b.tenant_id and s.id >= $2::varchar and s.id < $2::varchar || repeat('z', 65))
