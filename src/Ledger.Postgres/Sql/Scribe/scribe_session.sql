-- A scribe's statements are index look-ups of at most a few hundred keys. A plan made while a table was small must not become a
-- full scan when it has grown.
set search_path = ledger;
set plan_cache_mode = force_generic_plan;
set enable_seqscan = off;
set enable_bitmapscan = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
set jit = off;
