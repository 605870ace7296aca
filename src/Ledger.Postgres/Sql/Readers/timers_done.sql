-- Takes away the rows due at $1 of the streams $3 of books $2. The locks of the books are held; behind it goes what timers_entries.sql begins.
delete from ledger.timers as t
using unnest($1::timestamptz[], $2::varchar[], $3::varchar[]) as asked (due_at, tenant_id, stream_id)
where t.due_at = asked.due_at and t.tenant_id = asked.tenant_id and t.stream_id = asked.stream_id
