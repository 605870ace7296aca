copy (
    -- What a draw was for brings one card, and the first shard of its campaign keeps who did it: the draws of all shards beside what is kept, in one scan. Books of
    -- campaigns have tildes in their ids.
    with books as materialized (
        select tenant_id, regexp_replace(tenant_id, '~[0-9]+~([0-9]+)$', '~0~\1') as keeper
        from ledger.books
        where tenant_id like '%~%~%~%'
    ), drawn as (
        select b.keeper, format('furef %s %s %s', e.data ->> 'campaign', e.data ->> 'source', e.data ->> 'ref') as key,
            count(*) as cards, min(e.tenant_id) as book, min(e.causation_id) as request
        from books b
        join ledger.mt_events e using (tenant_id)
        where e.type = 'card_drawn'
        group by 1, 2
    ), kept as (
        select b.keeper, r.key, r.outcome
        from books b
        join ledger.requests r using (tenant_id)
        where b.tenant_id = b.keeper and starts_with(r.key, 'furef ')
    )
    select keeper, key, coalesce(drawn.cards, 0), kept.key is not null
    from drawn
    full join kept using (keeper, key)
    where drawn.cards is distinct from 1 or kept.outcome is distinct from jsonb_build_object('book', drawn.book, 'request', drawn.request)
) to stdout (format binary)
