-- The entries ($2, $3] of each book $1 whose types $4 a policy follows, in order: where $5 is given, of books that have a stream whose id begins so.
select e.tenant_id, e.seq_id, e.id, e.type, e.data, e.correlation_id, e.stream_id
from unnest($1::varchar[], $2::bigint[], $3::bigint[]) as range (tenant_id, after, upto)
cross join lateral (
    select *
    from ledger.mt_events as e
    where e.tenant_id = range.tenant_id and e.seq_id > range.after and e.seq_id <= range.upto
    order by e.seq_id
) as e
where e.type = any($4::varchar[])
    and ($5::varchar is null or exists (
        select from ledger.mt_streams as s where s.tenant_id = range.tenant_id and s.id >= $5::varchar and s.id < $5::varchar || repeat('z', 65)))
