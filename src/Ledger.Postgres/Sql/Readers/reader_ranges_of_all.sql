-- What reader $1 has not followed yet of any book, leaving out $2; at most $3 books. lateral ... limit 1 keeps this an index look-up per book whatever the planner
-- believes of the tables' sizes.
select b.tenant_id, coalesce(p.seq_id, 0) as after, b.head
from ledger.books as b
left join lateral (select seq_id from ledger.progress where tenant_id = b.tenant_id and reader = $1 limit 1) as p on true
where b.head > coalesce(p.seq_id, 0) and b.tenant_id <> all($2::varchar[])
limit $3
