-- How far the readers $1 are behind: books and entries that they have not followed, when the oldest of these entries was
-- recorded, and the newest that they have followed.
select
    r.reader,
    count(*) filter (where b.head > coalesce(p.seq_id, 0)) as books,
    coalesce(sum(b.head - coalesce(p.seq_id, 0)), 0)::bigint as entries,
    min(next.timestamp) as oldest_missing,
    max(last.timestamp) as newest_followed
from unnest($1::varchar[]) as r (reader)
left join ledger.books as b on true
left join ledger.progress as p on p.tenant_id = b.tenant_id and p.reader = r.reader
left join ledger.mt_events as next
    on b.head > coalesce(p.seq_id, 0) and next.tenant_id = b.tenant_id and next.seq_id = coalesce(p.seq_id, 0) + 1
left join ledger.mt_events as last on last.tenant_id = p.tenant_id and last.seq_id = p.seq_id
group by r.reader
order by r.reader
