insert into ledger.requests (tenant_id, key, fingerprint, outcome)
select unnest($1), unnest($2), unnest($3), unnest($4)
