-- Payouts of the books $1 that the provider has not answered yet.
select count(*) from ledger.timers where tenant_id = any ($1) and stream_id like 'transfer-%'
