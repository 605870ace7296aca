-- Light memberships as they stand: what was enjoyed, what is due, what was collected and what went back.
merge into agreements as a
using (
    select
        e.tenant_id,
        substr(e.stream_id, 11) as agreement,
        max(e.data -> 'offer' ->> 'member') as member,
        max(e.data -> 'offer' ->> 'plan') as plan,
        (array_agg(e.data ->> 'status' order by e.seq_id desc))[1] as status,
        max(case e.type when 'agreement_signed' then (e.data -> 'fee')::bigint end) as fee,
        max(case e.type when 'agreement_signed' then (e.data -> 'guarantee')::bigint end) as guarantee,
        coalesce(
            max(case e.type when 'quit_requested' then (e.data ->> 'at')::timestamptz end),
            max(case e.type when 'agreement_signed' then (e.data -> 'term' ->> 'end')::timestamptz end)) as ends_at,
        coalesce(sum(case e.type when 'benefit_accrued' then (e.data -> 'amount')::bigint when 'benefit_reversed' then -(e.data -> 'amount')::bigint end), 0)::bigint as benefit,
        coalesce(sum(case e.type
            when 'settlement_opened' then (e.data -> 'trace' -> 'due')::bigint
            when 'settlement_recomputed' then (e.data -> 'trace' -> 'due')::bigint - (e.data -> 'from')::bigint end), 0)::bigint as due,
        coalesce(sum(case e.type when 'fee_collected' then (e.data -> 'amount')::bigint end), 0)::bigint as collected,
        coalesce(sum(case e.type when 'fee_refunded' then (e.data -> 'amount')::bigint end), 0)::bigint as refunded
    from entries as e
    where e.type in (
        'preorder_created', 'preorder_expired', 'admission_consulted', 'agreement_signed', 'guarantee_frozen', 'guarantee_not_frozen', 'guarantee_released', 'guarantee_release_ordered', 'guarantee_release_failed',
        'benefit_accrued', 'benefit_reversed', 'obligation_progressed', 'obligation_reversed', 'period_reported', 'agreement_shared', 'agreement_unshared',
        'settlement_notice_sent', 'quit_requested', 'settlement_opened', 'settlement_retried', 'fee_pending', 'fee_collected', 'fee_collection_failed',
        'settlement_recomputed', 'fee_waiver_proposed', 'fee_waived', 'fee_refund_ordered', 'fee_refunded', 'fee_refund_failed')
    group by 1, 2
) as e on a.tenant_id = e.tenant_id and a.agreement = e.agreement
when matched then update set
    status = e.status,
    fee = coalesce(e.fee, a.fee),
    guarantee = coalesce(e.guarantee, a.guarantee),
    ends_at = coalesce(e.ends_at, a.ends_at),
    benefit = a.benefit + e.benefit,
    due = a.due + e.due,
    collected = a.collected + e.collected,
    refunded = a.refunded + e.refunded
when not matched then insert (tenant_id, agreement, member, plan, status, fee, guarantee, ends_at, benefit, due, collected, refunded)
values (e.tenant_id, e.agreement, e.member, e.plan, e.status, coalesce(e.fee, 0), coalesce(e.guarantee, 0), e.ends_at, e.benefit, e.due, e.collected, e.refunded)
