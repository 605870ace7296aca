-- The rebuilt table stands at the heads $3 of the books $2, so reader $1 does.
insert into ledger.progress as p (tenant_id, reader, seq_id)
select book.tenant_id, $1, book.head
from unnest($2::varchar[], $3::bigint[]) as book (tenant_id, head)
on conflict (tenant_id, reader) do update set seq_id = excluded.seq_id where p.seq_id <> excluded.seq_id
