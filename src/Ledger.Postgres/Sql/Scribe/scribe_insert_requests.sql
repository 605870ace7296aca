insert into ledger.requests (tenant_id, key, fingerprint, outcome)
select * from unnest($1, $2, $3, $4)
