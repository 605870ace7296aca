-- Writers wait while the swap catches up, and readers queue behind its locks: better to fail and try again than to let them wait,
-- and not to hold them up from a host that vanished.
set local search_path = ledger_rebuild, ledger;
set local lock_timeout = '500ms';
set local idle_in_transaction_session_timeout = '10s';
set local enable_hashjoin = off;
set local enable_mergejoin = off;
set local jit = off
