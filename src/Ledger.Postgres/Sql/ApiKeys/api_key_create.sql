insert into ledger.api_keys (key_hash, id, scope, tenant_id, store, till, may_import, created_at, provider)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9);
