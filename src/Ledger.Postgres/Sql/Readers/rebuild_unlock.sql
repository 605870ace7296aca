-- A pool would keep the session, and the lock with it.
select pg_advisory_unlock(hashtextextended('ledger/rebuild/' || $1::varchar, 0))
