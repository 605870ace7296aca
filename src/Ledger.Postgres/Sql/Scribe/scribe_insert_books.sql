insert into ledger.books (tenant_id, head, head_hash)
select * from unnest($1, $2, $3)
