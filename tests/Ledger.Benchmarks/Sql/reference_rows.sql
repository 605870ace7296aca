-- The reference's read model, one row a coupon that each redemption updates. The ledger itself asks the stream's state instead.
create table ledger.redemption_check (
    tenant_id     varchar     not null,
    code          varchar     not null,
    status        varchar     not null,
    campaign      varchar     not null,
    terms_version int         not null,
    member        varchar     not null,
    valid_to      timestamptz not null,
    redemption_id varchar,
    redeemed_at   timestamptz,
    discount      bigint,
    entry         bigint      not null
) with (fillfactor = 80);

insert into ledger.redemption_check (tenant_id, code, status, campaign, terms_version, member, valid_to, entry)
select tenant_id, code, 'issued', campaign, terms_version, member, valid_to, 1 from ledger.wallets order by tenant_id, code;

alter table ledger.redemption_check add constraint redemption_check_key primary key (tenant_id, code);
create index redemption_check_member_idx on ledger.redemption_check (tenant_id, member, code);
