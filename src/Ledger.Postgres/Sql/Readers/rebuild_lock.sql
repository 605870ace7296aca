-- One rebuild of a read model at a time; held by the session.
select pg_try_advisory_lock(hashtextextended('ledger/rebuild/' || $1::varchar, 0))
