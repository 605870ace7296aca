-- The entries of the streams $2 of books $1 behind their versions $3. Written before the statement of timers.
with entries as (
    select e.tenant_id, e.stream_id, e.type, e.data
    from unnest($1::varchar[], $2::varchar[], $3::bigint[]) as k (tenant_id, stream_id, version)
    cross join lateral (
        select *
        from ledger.mt_events as e
        where e.tenant_id = k.tenant_id and e.stream_id = k.stream_id and e.version > k.version
        order by e.version
    ) as e
)
