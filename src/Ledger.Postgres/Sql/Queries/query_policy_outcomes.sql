-- What policies could not do for a merchant, behind entry $2 and policy $3.
select seq_id, policy, status, reason, attempts, tried_at, next_at
from ledger.policy_outcomes
where tenant_id = $1 and (seq_id, policy) > ($2, $3)
order by seq_id, policy
limit $4
