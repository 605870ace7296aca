-- Of a request and its repeats one makes the key, and the others nothing. Keys that no request asked for never meet.
-- A key that is revoked makes no other, whoever still remembers it; one that is being revoked is waited for.
insert into ledger.api_keys (key_hash, id, scope, tenant_id, store, till, may_import, created_at, provider, asked_by, request_key)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
where $10::varchar is null or exists (select from ledger.api_keys where id = $10 and revoked_at is null for share)
on conflict (asked_by, request_key) do nothing;
