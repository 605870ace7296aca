-- Coupons by where they were issued. Filled by the statement of the same name (Ledger/Coupons/ReadModels/surface_totals.sql).
create table ledger.surface_totals (
    tenant_id varchar not null,
    campaign  varchar not null,
    portal    varchar not null,
    position  varchar not null,
    owner     varchar not null,
    issued    bigint  not null,
    converted bigint  not null,
    redeemed  bigint  not null,
    voided    bigint  not null,
    constraint ledger_surface_totals_key primary key (tenant_id, campaign, portal, position, owner)
) with (fillfactor = 50);
comment on table ledger.surface_totals is 'Only of coupons whose issue named a surface. Position and owner are empty where it left them out.';
comment on column ledger.surface_totals.converted is 'Coupons that were ever redeemed: from issue to order.';
