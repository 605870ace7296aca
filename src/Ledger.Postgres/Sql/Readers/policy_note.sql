-- Notes what policy $1 could not do at time $2: of books $3 the entries $4, each with status $5, reason $6 and the next try $7.
insert into ledger.policy_outcomes as o (tenant_id, policy, seq_id, status, reason, attempts, tried_at, next_at)
select book, $1, seq, status, reason, 1, $2, next_at
from unnest($3::varchar[], $4::bigint[], $5::varchar[], $6::varchar[], $7::timestamptz[]) as f (book, seq, status, reason, next_at)
on conflict (tenant_id, seq_id, policy) do update set
    status = excluded.status, reason = excluded.reason, attempts = o.attempts + 1, tried_at = excluded.tried_at, next_at = excluded.next_at
