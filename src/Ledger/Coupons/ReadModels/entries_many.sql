-- The same entries as entries_few.sql for ranges that are a good part of the table: the planner may scan and hash.
with entries as not materialized (
    select range.tenant_id, e.seq_id, e.stream_id, e.version, e.type, e.data
    from unnest($1::varchar[], $2::bigint[], $3::bigint[]) as range (tenant_id, after, upto)
    join ledger.mt_events as e
        on e.tenant_id = range.tenant_id and e.seq_id > range.after and e.seq_id <= range.upto
)
