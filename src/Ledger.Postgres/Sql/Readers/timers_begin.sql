-- Begins the transaction that takes timers away: tables of schema ledger, and look-ups, for it is about few rows of large tables. It is sent whole and never idle; should a host
-- vanish in the middle of sending it, keepalives tell, as for scribes, who wait for its books. All of it ends with the transaction.
select
    set_config('search_path', 'ledger', true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('jit', 'off', true),
    set_config('tcp_keepalives_idle', '10', true),
    set_config('tcp_keepalives_interval', '5', true),
    set_config('tcp_keepalives_count', '3', true)
