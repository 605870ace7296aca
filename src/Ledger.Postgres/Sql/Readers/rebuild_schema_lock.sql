-- No migration changes the schema under a rebuild; the lock of migrations_rebuild_lock.sql, shared with other rebuilds and held by the session.
select pg_try_advisory_lock_shared(hashtextextended('ledger/rebuild', 0))
