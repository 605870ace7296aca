-- One migrator at a time, across all instances; the lock goes with the transaction. The number is "ledger" in ASCII.
select pg_advisory_xact_lock(119182731994482);
