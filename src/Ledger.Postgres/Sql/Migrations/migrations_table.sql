-- What has been applied. Made by the migrator under its lock, before the first migration.
create schema if not exists ledger;

create table if not exists ledger.migrations (
    id         varchar     not null,
    sha256     bytea       not null,
    applied_at timestamptz not null,
    constraint ledger_migrations_key primary key (id)
);
comment on table ledger.migrations is 'One row per applied file of Sql/Schema; sha256 is of its text with LF line ends.';
