select count(*) from ledger.mt_events
