insert into ledger.mt_streams (tenant_id, id, type, version, timestamp, created, status, state, state_schema)
select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
