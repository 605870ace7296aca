select id, scope, tenant_id, store, till, may_import, revoked_at, provider from ledger.api_keys order by created_at, id;
