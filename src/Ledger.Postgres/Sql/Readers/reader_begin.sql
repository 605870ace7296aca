-- Begins a pass of one reader: only one instance at a time, and tables of read models in schema ledger. Until reader_settings.sql, two walks of indexes that are
-- hashed together are the only plan, whatever the planner believes. All of it ends with the transaction.
select
    set_config('search_path', 'ledger', true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_nestloop', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('jit', 'off', true),
    pg_try_advisory_xact_lock(hashtextextended('ledger/reader/' || $1::varchar, 0)) as is_mine
