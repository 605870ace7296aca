-- Begins a pass of one reader: only one instance at a time, and tables of read models in schema ledger. Until reader_settings.sql, two walks of indexes that are
-- hashed together are the only plan, whatever the planner believes. All of it ends with the transaction. So does the lock, and with a host that froze or vanished: its pass is
-- idle for a minute, which no other is (those of policies: policy_session.sql), or answers no keepalives for as long.
select
    set_config('search_path', 'ledger', true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_nestloop', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('jit', 'off', true),
    set_config('idle_in_transaction_session_timeout', '1min', true),
    set_config('tcp_keepalives_idle', '30', true),
    set_config('tcp_keepalives_interval', '10', true),
    set_config('tcp_keepalives_count', '3', true),
    pg_try_advisory_xact_lock(hashtextextended('ledger/reader/' || $1::varchar, 0)) as is_mine
