-- Begins a pass of one reader: only one instance at a time, tables of read models in schema ledger, and index look-ups whatever
-- the planner believes. All of it ends with the transaction.
select
    set_config('search_path', 'ledger', true),
    set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true),
    set_config('jit', 'off', true),
    pg_try_advisory_xact_lock(hashtextextended('ledger/reader/' || $1::varchar, 0)) as is_mine
