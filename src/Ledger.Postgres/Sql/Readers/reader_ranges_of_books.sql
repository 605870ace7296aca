-- What reader $1 has not followed yet of the books $2, leaving out $3.
select b.tenant_id, coalesce(p.seq_id, 0) as after, b.head
from unnest($2::varchar[]) as hinted (tenant_id)
join ledger.books as b on b.tenant_id = hinted.tenant_id
left join ledger.progress as p on p.tenant_id = b.tenant_id and p.reader = $1
where b.head > coalesce(p.seq_id, 0) and b.tenant_id <> all($3::varchar[])
