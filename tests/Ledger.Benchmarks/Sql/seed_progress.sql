insert into ledger.progress (tenant_id, reader, seq_id) select tenant_id, $1, head from ledger.books
on conflict (tenant_id, reader) do update set seq_id = excluded.seq_id
