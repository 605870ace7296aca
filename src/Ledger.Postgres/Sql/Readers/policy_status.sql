-- What policies could not do, by policy and status.
select policy, count(*) filter (where status = 'refused'), count(*) filter (where status = 'failing')
from ledger.policy_outcomes
group by policy
