-- How many timers wait, those of transfers apart.
select count(*) from ledger.timers where stream_id not like 'transfer-%'
