-- Milliseconds from the end of a pre-order to the commit of the entry that says so, of the pre-orders of run $1; a row for each, null where there is no entry yet.
select extract(epoch from pg_xact_commit_timestamp(over.xmin) - (made.data #>> '{offer,expiresAt}')::timestamptz)::float8 * 1000
from ledger.mt_events as made
left join ledger.mt_events as over on over.tenant_id = made.tenant_id and over.stream_id = made.stream_id and over.type = 'preorder_expired'
where made.type = 'preorder_created' and made.stream_id like 'agreement-' || $1 || '-%'
