-- Read models of the coupon slice. Each is filled by one statement of the same name (Ledger/Coupons/ReadModels/*.sql) and can be
-- rebuilt from the events at any time.
create table ledger.wallets (
    tenant_id     varchar     not null,
    code          varchar     not null,
    member        varchar     not null,
    campaign      varchar     not null,
    terms_version int         not null,
    valid_to      timestamptz not null,
    hidden        boolean     not null,
    constraint ledger_wallets_key primary key (tenant_id, code)
) with (fillfactor = 90);
create index ledger_wallets_member_idx on ledger.wallets (tenant_id, member, code);
comment on table ledger.wallets is 'Who has which coupon. Written by the scribe in the transaction of the entry: never behind. What a coupon is, its stream''s state says.';

create table ledger.campaign_totals (
    tenant_id   varchar not null,
    campaign    varchar not null,
    issued      bigint  not null,
    redeemed    bigint  not null,
    voided      bigint  not null,
    returned    bigint  not null,
    deactivated bigint  not null,
    expired     bigint  not null,
    amount      bigint  not null,
    discount    bigint  not null,
    face_valued bigint  not null,
    face_value  bigint  not null,
    constraint ledger_campaign_totals_key primary key (tenant_id, campaign)
) with (fillfactor = 50);

comment on column ledger.campaign_totals.face_valued is 'Coupons issued whose most is one amount; face_value is the sum of these amounts.';

create table ledger.store_days (
    tenant_id varchar not null,
    day       date    not null,
    store     varchar not null,
    issued    bigint  not null,
    redeemed  bigint  not null,
    voided    bigint  not null,
    returned  bigint  not null,
    amount    bigint  not null,
    discount  bigint  not null,
    constraint ledger_store_days_key primary key (tenant_id, day, store)
) with (fillfactor = 50);
comment on column ledger.store_days.store is 'Empty for issuing and for redemptions that named no store.';

create table ledger.timers (
    tenant_id varchar     not null,
    stream_id varchar     not null,
    due_at    timestamptz not null,
    constraint ledger_timers_key primary key (tenant_id, stream_id, due_at)
);
create index ledger_timers_due_idx on ledger.timers (due_at, tenant_id, stream_id);
comment on table ledger.timers is 'What is due when: the stream is asked at due_at, answers by an entry or by nothing, and then the row goes.';
