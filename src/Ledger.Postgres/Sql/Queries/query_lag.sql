-- How far the read models that reports are made of stand behind one book, and since when.
select coalesce(max(b.head - coalesce(p.seq_id, 0)), 0) as entries,
       min(e.timestamp) as since
from ledger.books b
cross join unnest($2::varchar[]) as r (reader)
left join ledger.progress p on p.tenant_id = b.tenant_id and p.reader = r.reader
left join ledger.mt_events e on e.tenant_id = b.tenant_id and e.seq_id = coalesce(p.seq_id, 0) + 1 and b.head > coalesce(p.seq_id, 0)
where b.tenant_id = $1
