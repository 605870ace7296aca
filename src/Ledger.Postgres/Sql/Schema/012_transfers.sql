-- Transfers wait for the payment provider, which may be away for days: their timers have an index of their own, and nobody else's round walks over them.
drop index ledger.ledger_timers_due_idx;
create index ledger_timers_due_idx on ledger.timers (due_at, tenant_id, stream_id) where stream_id not like 'transfer-%';
create index ledger_timers_transfers_idx on ledger.timers (due_at, tenant_id, stream_id) where stream_id like 'transfer-%';
