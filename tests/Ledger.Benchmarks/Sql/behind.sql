-- Books that some reader of $1 has not followed to the end.
select count(*)
from unnest($1::varchar[]) as r (reader)
cross join ledger.books as b
left join ledger.progress as p on p.tenant_id = b.tenant_id and p.reader = r.reader
where b.head > coalesce(p.seq_id, 0)
