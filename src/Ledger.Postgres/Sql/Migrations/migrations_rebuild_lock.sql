-- No rebuild is at work, and none begins before the migrations are applied: what a migration changes in a table would be lost with the table that is rebuilt.
select pg_try_advisory_xact_lock(hashtextextended('ledger/rebuild', 0));
