-- Where coupons were issued is said by few issues: who counts them finds these without reading the others.
create index ledger_events_surface_idx on ledger.mt_events (tenant_id, seq_id) where data ? 'surface';
