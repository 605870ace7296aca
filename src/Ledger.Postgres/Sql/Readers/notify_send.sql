select pg_notify('ledger_books', $1)
