-- Codes that tills must not take although a token of them may still look good: used, deactivated or nobody's to use, not over, and of terms that let
-- tills take them offline. A version whose stored state waits to be folded anew counts as if it did.
with terms as materialized (
    select t.id
    from ledger.mt_streams as t
    where t.tenant_id = $1 and t.id > 'terms-' and t.id < 'terms-' || repeat('z', 80) and t.type = 'terms'
      and (t.state is null or t.state_schema is distinct from $3 or t.state::jsonb -> 'terms' ? 'offlineLiability')
)
select w.code
from ledger.wallets as w
join terms as t on t.id = 'terms-' || w.campaign || '-' || w.terms_version
join ledger.mt_streams as s on s.tenant_id = w.tenant_id and s.id = 'coupon-' || w.code
where w.tenant_id = $1 and w.valid_to > $2 and s.status in ('used', 'deactivated', 'confirming', 'cancelled', 'in-transfer')
limit $4
