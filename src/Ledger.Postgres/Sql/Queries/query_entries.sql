-- A page of a book, from a cursor.
select seq_id, id, stream_id, version, type, data, timestamp, correlation_id, causation_id, headers, hash
from ledger.mt_events
where tenant_id = $1 and seq_id > $2
order by seq_id
limit $3
