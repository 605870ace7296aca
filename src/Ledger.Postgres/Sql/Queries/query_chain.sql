-- A page of the entries of one chain, from a cursor, each with the entry that a policy followed when it wrote this one.
select
    e.seq_id, e.id, e.stream_id, e.version, e.type, e.data, e.timestamp, e.correlation_id, e.causation_id, e.headers, e.hash,
    case when e.causation_id like 'policy %' then (
        select cause.seq_id
        from ledger.mt_events as cause
        where cause.tenant_id = e.tenant_id and cause.correlation_id = e.correlation_id and cause.id::text = split_part(e.causation_id, ' ', 3)
    ) end as follows
from ledger.mt_events as e
where e.tenant_id = $1 and e.correlation_id = $2 and e.seq_id > $3
order by e.seq_id
limit $4
