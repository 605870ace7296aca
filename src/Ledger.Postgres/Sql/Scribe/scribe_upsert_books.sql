insert into ledger.books (tenant_id, head, head_hash)
select * from unnest($1, $2, $3)
on conflict (tenant_id) do update set head = excluded.head, head_hash = excluded.head_hash
