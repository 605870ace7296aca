-- The same entries as entries_few.sql without those that tills write all day: for those whom none of these concern. An index of the rest has the same list, so that
-- a thousand redemptions cost nothing here.
with entries as not materialized (
    select e.tenant_id, e.seq_id, e.id, e.stream_id, e.version, e.type, e.data, e.correlation_id
    from unnest($1::varchar[], $2::bigint[], $3::bigint[]) as range (tenant_id, after, upto)
    cross join lateral (
        select *
        from ledger.mt_events as e
        where e.tenant_id = range.tenant_id and e.seq_id > range.after and e.seq_id <= range.upto
            and e.type not in ('coupon_issued', 'coupon_held', 'coupon_hold_released', 'coupon_redeemed', 'coupon_expired')
        order by e.seq_id
    ) as e
)
