-- The entries that tills do not write all day: who follows none of those finds what concerns it without reading them. The same list as in
-- Ledger/Coupons/ReadModels/entries_quiet.sql.
create index ledger_events_quiet_idx on ledger.mt_events (tenant_id, seq_id)
where type not in ('coupon_issued', 'coupon_held', 'coupon_hold_released', 'coupon_redeemed', 'coupon_expired');
