-- What each account of a programme gained or lost on a business date, by cohort: each fact books as much to one account as off another.
merge into points_days as d
using (
    select
        e.tenant_id,
        e.data ->> 'program' as program,
        (e.data ->> 'date')::date as day,
        (c.part ->> 'cohort')::date as cohort,
        case side.sign when 1 then e.data ->> 'credit' else e.data ->> 'debit' end as account,
        sum(side.sign * (c.part -> 'points')::bigint)::bigint as points
    from entries as e
    cross join lateral jsonb_array_elements(e.data -> 'cohorts') as c (part)
    cross join (values (1), (-1)) as side (sign)
    where e.type in (
        'points_earned', 'points_activated', 'points_held', 'points_released', 'points_spent', 'points_restored', 'points_regranted', 'points_forfeited', 'points_expired',
        'earning_clawed_back', 'arrears_reduced', 'arrears_settled', 'points_transferred_out', 'points_transferred_in', 'points_adjusted')
    group by 1, 2, 3, 4, 5
) as e on d.tenant_id = e.tenant_id and d.program = e.program and d.day = e.day and d.cohort = e.cohort and d.account = e.account
when matched then update set points = d.points + e.points
when not matched then insert (tenant_id, program, day, cohort, account, points)
values (e.tenant_id, e.program, e.day, e.cohort, e.account, e.points)
