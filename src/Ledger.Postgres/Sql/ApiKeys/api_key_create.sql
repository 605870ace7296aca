-- Of a request and its repeats one makes the key, and the others nothing. Keys that no request asked for never meet.
insert into ledger.api_keys (key_hash, id, scope, tenant_id, store, till, may_import, created_at, provider, asked_by, request_key)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (asked_by, request_key) do nothing;
