-- No migration changes the schema under a rebuild; the lock of migrations_rebuild_lock.sql, shared with other rebuilds and held by the session.
-- The session is silent while others load; keepalives tell it from one whose host vanished. The pool resets them.
select
    pg_try_advisory_lock_shared(hashtextextended('ledger/rebuild', 0)),
    set_config('tcp_keepalives_idle', '30', false),
    set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false)
