-- What reader $1 has not followed yet of any book, leaving out $2; at most $3 books.
select b.tenant_id, coalesce(p.seq_id, 0) as after, b.head
from ledger.books as b
left join ledger.progress as p on p.tenant_id = b.tenant_id and p.reader = $1
where b.head > coalesce(p.seq_id, 0) and b.tenant_id <> all($2::varchar[])
limit $3
