-- For one pass over a good part of all entries: hashing in memory, and no sorting of millions of rows for a merge join.
set local search_path = ledger_rebuild, ledger;
set local work_mem = '64MB';
set local hash_mem_multiplier = 4;
set local maintenance_work_mem = '256MB';
set local enable_mergejoin = off;
set local jit = off
