insert into ledger.mt_streams (tenant_id, id, type, version, timestamp, created, status, state, state_schema)
select unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7), unnest($8), unnest($9)
