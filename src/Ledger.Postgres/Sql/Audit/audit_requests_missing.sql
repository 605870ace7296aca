copy (
    -- Keys that entries were written under and that are not kept: sent again, their requests would be carried out again. The index
    -- gives the keys that are.
    with written as (
        select tenant_id, seq_id, causation_id as key
        from ledger.mt_events
        where {books} and causation_id is not null
    ), kept as (
        select tenant_id, key
        from ledger.requests
        where {books}
    )
    select w.tenant_id, min(w.seq_id), w.key
    from written as w
    where not exists (select from kept as k where k.tenant_id = w.tenant_id and k.key = w.key)
    group by w.tenant_id, w.key
) to stdout (format binary)
