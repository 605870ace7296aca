-- Read models of points and benefits. Each is filled by one statement of the same name (Ledger/*/ReadModels/*.sql) and can be rebuilt from the
-- events at any time.
create table ledger.points_balances (
    tenant_id varchar not null,
    program   varchar not null,
    member    varchar not null,
    available bigint  not null,
    pending   bigint  not null,
    held      bigint  not null,
    arrears   bigint  not null,
    lifetime  bigint  not null,
    tier      bigint  not null,
    constraint ledger_points_balances_key primary key (tenant_id, program, member)
) with (fillfactor = 70);
comment on column ledger.points_balances.arrears is 'Points owed: what was clawed back and was not there.';
comment on column ledger.points_balances.lifetime is 'Ever earned, less what was clawed back; tier: the same of purchases alone.';

create table ledger.points_days (
    tenant_id varchar not null,
    program   varchar not null,
    day       date    not null,
    cohort    date    not null,
    account   varchar not null,
    points    bigint  not null,
    constraint ledger_points_days_key primary key (tenant_id, program, day, cohort, account)
) with (fillfactor = 70);
comment on table ledger.points_days is 'Double entry: what each account gained (or lost) on a business date, by the month in which the points were earned. Every day sums to zero.';

create table ledger.benefit_months (
    tenant_id varchar not null,
    month     date    not null,
    benefit   varchar not null,
    redeemed  bigint  not null,
    points    bigint  not null,
    constraint ledger_benefit_months_key primary key (tenant_id, month, benefit)
) with (fillfactor = 70);
comment on column ledger.benefit_months.redeemed is 'Benefits whose points were spent in the month, less those cancelled in it.';
