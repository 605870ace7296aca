-- Cards of the merchants $1 whose coupon is settled, by the prefix $2 of their streams; and cards of merchants that were drawn, by the tallies $4 of the books $3.
select
    (select count(*) from ledger.mt_streams where tenant_id = any ($1) and id > $2 and id < $2 || repeat('z', 65))::bigint,
    (select coalesce(sum(value), 0) from ledger.tallies where tenant_id = any ($3) and key = any ($4))::bigint
