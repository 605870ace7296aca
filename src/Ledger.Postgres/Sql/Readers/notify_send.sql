select pg_notify('ledger_hints', $1)
