-- The key that $1 made under its request key $2.
select id, scope, tenant_id, store, till, may_import, revoked_at, provider from ledger.api_keys where asked_by = $1 and request_key = $2;
