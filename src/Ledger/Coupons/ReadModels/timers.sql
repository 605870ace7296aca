-- What is due when: a row stands while the stream waits for its hour, and goes with the entry that answers. An expiry that did
-- not hold says nothing here: the redemption that follows it does.
merge into timers as t
using (
    select
        e.tenant_id,
        e.stream_id,
        -- The greatest is the last: the version comes first, in digits of one length.
        max(array[lpad(e.version::text, 10, '0'), case
            when e.type in ('coupon_issued', 'redemption_voided') then e.data ->> 'validTo'
            when e.type = 'campaign_approved' then e.data ->> 'endsAt' end]) as last
    from entries as e
    where e.type in (
        'coupon_issued', 'redemption_voided', 'campaign_approved',
        'coupon_redeemed', 'coupon_deactivated', 'coupon_expired', 'campaign_stopped', 'campaign_ended')
    group by e.tenant_id, e.stream_id
) as e on t.tenant_id = e.tenant_id and t.stream_id = e.stream_id
when matched and e.last[2] is null then delete
when matched then update set due_at = e.last[2]::timestamptz
when not matched and e.last[2] is not null then insert (tenant_id, stream_id, due_at)
values (e.tenant_id, e.stream_id, e.last[2]::timestamptz)
