-- Codes that tills must not take although a token of them may still look good: used or deactivated, not over, and of terms that let
-- tills take them offline. A version whose stored state waits to be folded anew counts as if it did.
with terms as materialized (
    select t.id
    from ledger.mt_streams as t
    where t.tenant_id = $1 and t.id > 'terms-' and t.id < 'terms-' || repeat('z', 80) and t.type = 'terms'
      and (t.state is null or t.state_schema is distinct from $3 or t.state -> 'terms' ? 'offlineLiability')
)
select r.code
from ledger.redemption_check as r
join terms as t on t.id = 'terms-' || r.campaign || '-' || r.terms_version
where r.tenant_id = $1 and r.status in ('used', 'deactivated') and r.valid_to > $2
limit $4
