copy ledger.mt_events to stdout
