-- Secrets of merchants: they name people in counters, turn codes and sign tokens. Not part of the books, so that erasing one (crypto-shredding)
-- leaves every sum as it is.
create table ledger.secrets (
    tenant_id  varchar     not null,
    name       varchar     not null,
    secret     bytea       not null,
    created_at timestamptz not null,
    constraint ledger_secrets_key primary key (tenant_id, name)
);
comment on table ledger.secrets is 'Random bytes or a private key by merchant and name; never in an entry, an answer or a log.';
