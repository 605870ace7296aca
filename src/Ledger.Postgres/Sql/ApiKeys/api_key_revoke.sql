-- Revoking twice keeps the first time.
update ledger.api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1 and ($3::varchar is null or tenant_id = $3)
returning id, scope, tenant_id, store, till, may_import, revoked_at, provider;
