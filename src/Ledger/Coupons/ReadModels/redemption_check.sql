-- What a till asks before it redeems: one row per coupon, as its last entry left it. What never changes stands in the
-- first entry of the coupon, and a coupon without a row yet always has that entry in the range.
merge into redemption_check as c
using (
    select
        e.tenant_id,
        right(e.stream_id, -length('coupon-')) as code,
        -- The greatest is the last: the entry's number comes first, then what the coupon became.
        (array['issued', 'used', 'deactivated', 'expired', 'returnedexpired'])[1 + max(e.seq_id * 16 + e.became) % 16] as status,
        max(case when e.type = 'coupon_issued' then e.data ->> 'campaign' end) as campaign,
        max(case when e.type = 'coupon_issued' then (e.data -> 'termsVersion')::int end) as terms_version,
        max(case when e.type = 'coupon_issued' then e.data ->> 'member' end) as member,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validFrom' end)::timestamptz as valid_from,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validTo' end)::timestamptz as valid_to,
        max(case when e.type = 'coupon_redeemed' then
            array[lpad(e.version::text, 10, '0'), e.data ->> 'redemptionId', e.data ->> 'at', e.data ->> 'discount'] end) as redemption,
        max(case when e.type in ('coupon_held', 'coupon_hold_released', 'coupon_redeemed') then e.seq_id end) as hold_changed,
        max(case when e.type = 'coupon_held' then e.seq_id end) as held,
        (max(case when e.type = 'coupon_held' then array[lpad(e.version::text, 10, '0'), e.data ->> 'expiresAt'] end))[2]::timestamptz as held_until,
        max(e.seq_id) as entry
    from (
        select
            *,
            case type
                when 'coupon_redeemed' then case when data ? 'usesLeft' then 0 else 1 end
                when 'coupon_deactivated' then 2
                when 'coupon_expired' then 3
                when 'redemption_voided' then coalesce(array_position(array['Issued', 'Used', 'Deactivated', 'Expired', 'ReturnedExpired'], data ->> 'status'), 1) - 1
                when 'coupon_returned' then array_position(array['Issued', 'Used', 'Deactivated', 'Expired', 'ReturnedExpired'], data ->> 'status') - 1
                -- What follows a sold coupon's price says what the coupon is, where it says so.
                else coalesce(array_position(array['Issued', 'Used', 'Deactivated', 'Expired', 'ReturnedExpired'], data ->> 'status'), 1) - 1
            end as became
        from entries
        where type in (
            'coupon_issued', 'coupon_held', 'coupon_hold_released', 'coupon_redeemed', 'redemption_voided', 'coupon_returned', 'coupon_deactivated',
            'coupon_expired', 'coupon_expiry_reversed', 'voucher_settled', 'voucher_settlement_reversed', 'voucher_refund_requested', 'voucher_refund_paid',
            'voucher_refund_failed', 'voucher_breakage_booked', 'voucher_breakage_reversed')
    ) as e
    group by e.tenant_id, e.stream_id
) as e on c.tenant_id = e.tenant_id and c.code = e.code
when matched then update set
    status = e.status,
    redemption_id = case when e.status = 'used' then coalesce(e.redemption[2], c.redemption_id) end,
    redeemed_at = case when e.status = 'used' then coalesce(e.redemption[3]::timestamptz, c.redeemed_at) end,
    discount = case when e.status = 'used' then coalesce(e.redemption[4]::bigint, c.discount) end,
    held_until = case when e.hold_changed is null then c.held_until when e.hold_changed = e.held then e.held_until end,
    entry = e.entry
when not matched then insert
    (tenant_id, code, status, campaign, terms_version, member, valid_from, valid_to, redemption_id, redeemed_at, discount, held_until,
    entry)
values (
    e.tenant_id, e.code, e.status, e.campaign, e.terms_version, e.member, e.valid_from, e.valid_to,
    case when e.status = 'used' then e.redemption[2] end,
    case when e.status = 'used' then e.redemption[3]::timestamptz end,
    case when e.status = 'used' then e.redemption[4]::bigint end,
    case when e.hold_changed = e.held then e.held_until end,
    e.entry)
