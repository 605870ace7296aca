-- Keys of service providers, which act for the merchants that authorise them; payments by day.
alter table ledger.api_keys add column provider varchar;
alter table ledger.api_keys drop constraint api_keys_scope_check;
alter table ledger.api_keys add constraint ledger_api_keys_scopes_check check (scope in ('platform', 'provider', 'merchant', 'till'));
alter table ledger.api_keys drop constraint ledger_api_keys_scope_check;
alter table ledger.api_keys add constraint ledger_api_keys_scope_check check (
    (scope = 'platform' and tenant_id is null and store is null and till is null and provider is null)
    or (scope = 'provider' and tenant_id is null and store is null and till is null and provider is not null)
    or (scope = 'merchant' and tenant_id is not null and store is null and till is null and provider is null)
    or (scope = 'till' and tenant_id is not null and store is not null and till is not null and provider is null));

-- Filled by the statement of the same name (Ledger/Payments/ReadModels/payment_days.sql).
create table ledger.payment_days (
    tenant_id varchar not null,
    day       date    not null,
    store     varchar not null,
    payments  bigint  not null,
    amount    bigint  not null,
    refunds   bigint  not null,
    refunded  bigint  not null,
    constraint ledger_payment_days_key primary key (tenant_id, day, store)
) with (fillfactor = 50);
comment on column ledger.payment_days.store is 'Empty for payments that named no store.';
