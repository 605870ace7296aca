-- The sets of stores, this one among them, that some terms name for coupons which tills take offline.
select distinct t.state::jsonb -> 'terms' -> 'stores' as stores
from ledger.mt_streams as t
where t.tenant_id = $1 and t.id > 'terms-' and t.id < 'terms-' || repeat('z', 80) and t.type = 'terms'
  and t.state::jsonb -> 'terms' ? 'offlineLiability' and t.state::jsonb -> 'terms' -> 'stores' ? $2
limit $3
