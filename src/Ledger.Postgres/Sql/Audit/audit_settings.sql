-- A range of merchants is read by its index: each statement here takes one small part of a large table. Two tables
-- are compared by a hash of one: where the planner believes a range to be empty, it would compare each row with each.
set local statement_timeout = 0;
set local idle_in_transaction_session_timeout = 0;
set local jit = off;
set local max_parallel_workers_per_gather = 0;
set local enable_sort = off;
set local enable_seqscan = off;
set local enable_nestloop = off;
set local enable_mergejoin = off
