-- Entries at which a policy failed and is to try again, the longest due first: at most $2. Of the policies $3: others are of another build, which knows them.
select tenant_id, policy, seq_id, attempts
from ledger.policy_outcomes
where next_at <= $1 and policy = any($3::varchar[])
order by next_at
limit $2
