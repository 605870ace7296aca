-- Whether reader $2 is past the first entry of stream $3, and policy $4 is not to try again there.
select exists (
    select
    from ledger.mt_events as e
    join ledger.progress as p on p.tenant_id = e.tenant_id and p.reader = $2 and p.seq_id >= e.seq_id
    where e.tenant_id = $1 and e.stream_id = $3 and e.version = 1
        and not exists (
            select from ledger.policy_outcomes as o
            where o.tenant_id = e.tenant_id and o.seq_id = e.seq_id and o.policy = $4 and o.status = 'failing')
)
