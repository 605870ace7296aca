-- The entries ($2, $3] of each book $1, for ranges of a few entries: one walk of the book's index per range, whatever the
-- planner believes about the tables (the order by keeps the walk where it stands). The tenant is the range's: who asks it first walks only the
-- books that concern him. Written before a read model's own statement.
with entries as not materialized (
    select range.tenant_id, e.seq_id, e.id, e.stream_id, e.version, e.type, e.data, e.correlation_id
    from unnest($1::varchar[], $2::bigint[], $3::bigint[]) as range (tenant_id, after, upto)
    cross join lateral (
        select *
        from ledger.mt_events as e
        where e.tenant_id = range.tenant_id and e.seq_id > range.after and e.seq_id <= range.upto
        order by e.seq_id
    ) as e
)
