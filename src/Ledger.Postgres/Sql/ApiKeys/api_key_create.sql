-- Nothing where the request made a key before.
insert into ledger.api_keys (key_hash, id, scope, tenant_id, store, till, may_import, created_at, provider, made_by, request)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict on constraint ledger_api_keys_request_key do nothing;
