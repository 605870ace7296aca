select to_regclass('ledger.migrations') is not null;
