insert into ledger.books (tenant_id, head, head_hash)
select unnest($1), unnest($2), unnest($3)
