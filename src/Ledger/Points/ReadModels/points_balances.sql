-- What each member has and owes: the sum of what its facts book to its accounts.
merge into points_balances as b
using (
    select
        e.tenant_id, e.program, e.member,
        coalesce(sum(case 'available' when e.credit then e.points when e.debit then -e.points end), 0)::bigint as available,
        coalesce(sum(case 'pending' when e.credit then e.points when e.debit then -e.points end), 0)::bigint as pending,
        coalesce(sum(case 'held' when e.credit then e.points when e.debit then -e.points end), 0)::bigint as held,
        coalesce(sum(case 'arrears' when e.credit then -e.points when e.debit then e.points end), 0)::bigint as arrears,
        coalesce(sum(case
            when e.type = 'points_earned' or e.is_grant then e.points
            when e.type = 'earning_clawed_back' then -e.points end), 0)::bigint as lifetime,
        coalesce(sum(case e.type when 'points_earned' then e.tier when 'earning_clawed_back' then -e.points end), 0)::bigint as tier
    from (
        select
            tenant_id, type, data ->> 'program' as program, data ->> 'member' as member, data ->> 'credit' as credit, data ->> 'debit' as debit, (data -> 'points')::bigint as points,
            (data -> 'tier')::bigint as tier, type = 'points_adjusted' and (data -> 'isGrant')::boolean as is_grant
        from entries
        where type in (
            'points_earned', 'points_activated', 'points_held', 'points_released', 'points_spent', 'points_restored', 'points_regranted', 'points_forfeited', 'points_expired',
            'earning_clawed_back', 'arrears_reduced', 'arrears_settled', 'points_transferred_out', 'points_transferred_in', 'points_adjusted')
    ) as e
    group by e.tenant_id, e.program, e.member
) as e on b.tenant_id = e.tenant_id and b.program = e.program and b.member = e.member
when matched then update set
    available = b.available + e.available,
    pending = b.pending + e.pending,
    held = b.held + e.held,
    arrears = b.arrears + e.arrears,
    lifetime = b.lifetime + e.lifetime,
    tier = b.tier + e.tier
when not matched then insert (tenant_id, program, member, available, pending, held, arrears, lifetime, tier)
values (e.tenant_id, e.program, e.member, e.available, e.pending, e.held, e.arrears, e.lifetime, e.tier)
