-- Entries at which a policy failed and is to try again, the longest due first: at most $2.
select tenant_id, policy, seq_id, attempts
from ledger.policy_outcomes
where next_at <= $1
order by next_at
limit $2
