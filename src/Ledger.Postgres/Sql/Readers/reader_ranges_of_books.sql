-- What reader $1 has not followed yet of the books $2, leaving out $3.
select b.tenant_id, coalesce(p.seq_id, 0) as after, b.head
from unnest($2::varchar[]) as hinted (tenant_id)
cross join lateral (select tenant_id, head from ledger.books where tenant_id = hinted.tenant_id limit 1) as b
left join lateral (select seq_id from ledger.progress where tenant_id = b.tenant_id and reader = $1 limit 1) as p on true
where b.head > coalesce(p.seq_id, 0) and b.tenant_id <> all($3::varchar[])
