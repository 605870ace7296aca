-- What Fu-card campaigns brought merchants. Filled by the statement of the same name (Ledger/Policies/ReadModels/fu_totals.sql).
create table ledger.fu_totals (
    tenant_id varchar not null,
    owner     varchar not null,
    campaign  varchar not null,
    cards     bigint  not null,
    coupons   bigint  not null,
    converted bigint  not null,
    redeemed  bigint  not null,
    voided    bigint  not null,
    members   bigint  not null,
    constraint ledger_fu_totals_key primary key (tenant_id, owner, campaign)
) with (fillfactor = 50);
comment on table ledger.fu_totals is 'In the book of the merchant that issues cards, by the campaign and whose it is.';
comment on column ledger.fu_totals.converted is 'Coupons of cards that were ever redeemed.';
comment on column ledger.fu_totals.members is 'Joinings that named the campaign.';
