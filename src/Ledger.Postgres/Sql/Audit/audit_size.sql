-- What there is to do, for those who wait, and a name behind that of every merchant in any table.
select
    (select count(*) from ledger.books where {books}),
    (select coalesce(sum(head), 0)::bigint from ledger.books where {books}),
    concat(greatest(
        (select max(tenant_id) from ledger.books),
        (select max(tenant_id) from ledger.mt_events),
        (select max(tenant_id) from ledger.mt_streams),
        (select max(tenant_id) from ledger.tallies),
        (select max(tenant_id) from ledger.requests),
        (select max(tenant_id) from ledger.progress),
        (select max(tenant_id) from ledger.wallets),
        (select max(tenant_id) from ledger.campaign_totals),
        (select max(tenant_id) from ledger.store_days),
        (select max(tenant_id) from ledger.surface_totals),
        (select max(tenant_id) from ledger.fu_totals),
        (select max(tenant_id) from ledger.payment_days),
        (select max(tenant_id) from ledger.points_balances),
        (select max(tenant_id) from ledger.points_days),
        (select max(tenant_id) from ledger.benefit_months),
        (select max(tenant_id) from ledger.agreements),
        (select max(tenant_id) from ledger.timers)), 'a')
