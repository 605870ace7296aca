-- A scribe's statements are index look-ups of at most a few hundred keys. A plan made while a table was small must not become a
-- full scan when it has grown.
set search_path = ledger;
set plan_cache_mode = force_generic_plan;
set enable_seqscan = off;
set enable_bitmapscan = off;
set enable_hashjoin = off;
set enable_mergejoin = off;
set jit = off;
-- A scribe thinks for milliseconds between its two round trips, and holds the locks of its books meanwhile. Should its host freeze or vanish there, the server ends the session
-- before others, who wait for these books for 30 s, give up; nothing was written then. In the middle of what is sent or received it is not idle: there keepalives tell, and
-- answers that nobody takes. (By a Unix socket these mean nothing, and do no harm.)
set idle_in_transaction_session_timeout = '10s';
set tcp_keepalives_idle = 10;
set tcp_keepalives_interval = 5;
set tcp_keepalives_count = 3;
set tcp_user_timeout = '25s';
