-- Of the books $1, the version at which the stream $2 stands; lateral ... limit 1 keeps this an index look-up per book.
select b.tenant_id, s.version
from unnest($1::varchar[]) as b (tenant_id)
cross join lateral (select version from ledger.mt_streams where tenant_id = b.tenant_id and id = $2 limit 1) as s
