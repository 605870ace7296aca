-- API keys: only their hash is kept. Not a merchant's table: a key is looked up before anyone knows whose it is.
create table ledger.api_keys (
    key_hash   bytea       not null,
    id         varchar     not null,
    scope      varchar     not null check (scope in ('platform', 'merchant', 'till')),
    tenant_id  varchar,
    store      varchar,
    till       varchar,
    may_import boolean     not null default false,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint ledger_api_keys_key primary key (key_hash),
    constraint ledger_api_keys_id_key unique (id),
    constraint ledger_api_keys_scope_check check (
        (scope = 'platform' and tenant_id is null and store is null and till is null)
        or (scope = 'merchant' and tenant_id is not null and store is null and till is null)
        or (scope = 'till' and tenant_id is not null and store is not null and till is not null))
);
comment on column ledger.api_keys.may_import is 'May record a history: state a business time in the past and have it believed.';
