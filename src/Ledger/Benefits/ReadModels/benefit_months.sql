-- Benefits redeemed in a month: when their points are spent, that is with the order, or with the pick-up; less those cancelled in it.
merge into benefit_months as m
using (
    select
        e.tenant_id,
        date_trunc('month', (e.data ->> 'date')::timestamp)::date as month,
        e.data ->> 'benefit' as benefit,
        sum((e.data -> 'redeemed')::int)::bigint as redeemed,
        sum((e.data -> 'redeemed')::int * (e.data -> 'points')::bigint)::bigint as points
    from entries as e
    where e.type in ('benefit_ordered', 'benefit_picked_up', 'benefit_cancelled') and (e.data -> 'redeemed')::int <> 0
    group by 1, 2, 3
) as e on m.tenant_id = e.tenant_id and m.month = e.month and m.benefit = e.benefit
when matched then update set redeemed = m.redeemed + e.redeemed, points = m.points + e.points
when not matched then insert (tenant_id, month, benefit, redeemed, points)
values (e.tenant_id, e.month, e.benefit, e.redeemed, e.points)
