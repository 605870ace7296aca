-- Light memberships. Filled by the statement of the same name (Ledger/Agreements/ReadModels/agreements.sql).
create table ledger.agreements (
    tenant_id varchar     not null,
    agreement varchar     not null,
    member    varchar     not null,
    plan      varchar     not null,
    status    varchar     not null,
    fee       bigint      not null,
    guarantee bigint      not null,
    ends_at   timestamptz,
    benefit   bigint      not null,
    due       bigint      not null,
    collected bigint      not null,
    refunded  bigint      not null,
    constraint ledger_agreements_key primary key (tenant_id, agreement)
) with (fillfactor = 70);
comment on column ledger.agreements.fee is 'The most that one settlement may come to before the guarantee bounds it; 0 while nobody signed.';
comment on column ledger.agreements.ends_at is 'First instant whose benefits do not count: the end of the term, or when the member quit; null while nobody signed.';
