-- Of the entries those whose types $4 a policy follows, and where $5 is given those that have this member. Written behind entries_few.sql or entries_quiet.sql.
select e.tenant_id, e.seq_id, e.id, e.type, e.data, e.correlation_id, e.stream_id
from entries as e
where e.type = any($4::varchar[]) and ($5::text is null or e.data ? $5::text)
