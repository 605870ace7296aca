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
            when 'group_opened' then e.data ->> 'deadline'
            else e.data ->> 'validTo' end)::timestamptz as due_at
    from entries as e
    where e.type in ('coupon_issued', 'redemption_voided', 'coupon_held', 'coupon_gift_offered', 'campaign_approved', 'group_opened')
        or (e.type = 'coupon_returned' and e.data ->> 'status' = 'Issued')
) as e
where not exists (select from timers as t where t.due_at = e.due_at and t.tenant_id = e.tenant_id and t.stream_id = e.stream_id)
