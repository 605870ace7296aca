-- Before the moment is taken of which everything is read: no rebuild swaps any of these tables until all is read. Rows of a table that came after that
-- moment are not seen. Reading needs the same lock and the same right. Every table that is read stands here.
lock table
    ledger.books, ledger.mt_events, ledger.mt_streams, ledger.tallies, ledger.requests, ledger.progress, ledger.wallets, ledger.campaign_totals, ledger.store_days,
    ledger.surface_totals, ledger.fu_totals, ledger.payment_days, ledger.points_balances, ledger.points_days, ledger.benefit_months, ledger.agreements, ledger.timers
    in access share mode
