select id, scope, tenant_id, store, till, may_import, revoked_at, provider from ledger.api_keys where key_hash = $1 and revoked_at is null;
