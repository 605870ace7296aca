-- Payments and refunds per business date and store: each on its own date, a refund under the payment's store.
merge into payment_days as d
using (
    select
        e.tenant_id,
        (e.data ->> 'date')::date as day,
        coalesce(case e.type when 'payment_received' then e.data -> 'paid' ->> 'store' else e.data ->> 'store' end, '') as store,
        count(*) filter (where e.type = 'payment_received') as payments,
        coalesce(sum(case e.type when 'payment_received' then (e.data -> 'paid' -> 'amount')::bigint end), 0)::bigint as amount,
        count(*) filter (where e.type = 'payment_refunded') as refunds,
        coalesce(sum(case e.type when 'payment_refunded' then (e.data -> 'refund' -> 'amount')::bigint end), 0)::bigint as refunded
    from entries as e
    where e.type in ('payment_received', 'payment_refunded')
    group by 1, 2, 3
) as e on d.tenant_id = e.tenant_id and d.day = e.day and d.store = e.store
when matched then update set
    payments = d.payments + e.payments,
    amount = d.amount + e.amount,
    refunds = d.refunds + e.refunds,
    refunded = d.refunded + e.refunded
when not matched then insert (tenant_id, day, store, payments, amount, refunds, refunded)
values (e.tenant_id, e.day, e.store, e.payments, e.amount, e.refunds, e.refunded)
