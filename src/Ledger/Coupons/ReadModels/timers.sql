-- When a stream is to be asked. A row stands until its hour, whatever became of the stream meanwhile: using a coupon costs nothing
-- here, and the worker that asks takes the row away.
insert into timers (tenant_id, stream_id, due_at)
select distinct e.tenant_id, e.stream_id, e.due_at
from (
    select e.tenant_id, e.stream_id, (e.data ->> 'confirmBy')::timestamptz as due_at
    from entries as e
    where e.type = 'coupon_issued' and e.data ? 'confirmBy'
    union all
    select
        e.tenant_id, e.stream_id,
        (case e.type
            when 'campaign_approved' then e.data ->> 'endsAt'
            when 'coupon_held' then e.data ->> 'expiresAt'
            when 'coupon_gift_offered' then e.data ->> 'expiresAt'
            when 'card_escrowed' then e.data ->> 'expiresAt'
            when 'group_opened' then e.data ->> 'deadline'
            else e.data ->> 'validTo' end)::timestamptz as due_at
    from entries as e
    where e.type in ('coupon_issued', 'redemption_voided', 'coupon_held', 'coupon_gift_offered', 'campaign_approved', 'group_opened', 'card_escrowed')
        or (e.type = 'coupon_returned' and e.data ->> 'status' = 'Issued')
    union all
    -- An account of points, or of traffic, says with each fact what it waits for; an order of a benefit waits for its pick-up.
    select e.tenant_id, e.stream_id, (e.data ->> case e.type when 'benefit_ordered' then 'expiresAt' else 'due' end)::timestamptz as due_at
    from entries as e
    where (e.type = 'benefit_ordered' and e.data ? 'expiresAt')
        or (e.data ? 'due' and e.type in (
            'points_earned', 'points_activated', 'points_held', 'points_released', 'points_spent', 'points_restored', 'points_regranted', 'points_forfeited', 'points_expired',
            'visitor_attributed', 'exposure_spent', 'exposure_expired', 'earning_clawed_back', 'arrears_reduced', 'arrears_settled', 'points_transferred_out', 'points_transferred_in', 'points_adjusted'))
    union all
    select e.tenant_id, e.stream_id, (e.data #>> '{span,until}')::timestamptz as due_at
    from entries as e
    where e.type = 'tier_given' and e.data -> 'span' ? 'until'
    union all
    -- A transfer is asked about at once, and then as each answer says.
    select e.tenant_id, e.stream_id, (e.data ->> case e.type when 'transfer_ordered' then 'at' else 'due' end)::timestamptz as due_at
    from entries as e
    where e.type in ('transfer_ordered', 'transfer_queried') or (e.type = 'transfer_pending' and e.data ? 'due')
    union all
    -- So does a light membership.
    select e.tenant_id, e.stream_id, (e.data ->> 'due')::timestamptz as due_at
    from entries as e
    where e.data ? 'due' and e.type in (
        'preorder_created', 'preorder_expired', 'admission_consulted', 'agreement_signed', 'guarantee_frozen', 'guarantee_not_frozen', 'guarantee_released', 'guarantee_release_ordered', 'guarantee_release_failed',
        'benefit_accrued', 'benefit_reversed', 'obligation_progressed', 'obligation_reversed', 'period_reported', 'agreement_shared', 'agreement_unshared',
        'settlement_notice_sent', 'quit_requested', 'settlement_opened', 'settlement_retried', 'fee_pending', 'fee_collected', 'fee_collection_failed',
        'settlement_recomputed', 'fee_waiver_proposed', 'fee_waived', 'fee_refund_ordered', 'fee_refunded', 'fee_refund_failed')
) as e
where not exists (select from timers as t where t.due_at = e.due_at and t.tenant_id = e.tenant_id and t.stream_id = e.stream_id)
-- As in wallets: what is read together lies together.
order by e.tenant_id
