-- What a till asks before it redeems: one row per coupon, as its last entry left it. What never changes stands in the
-- first entry of the coupon, and a coupon without a row yet always has that entry in the range.
merge into redemption_check as c
using (
    select
        e.tenant_id,
        right(e.stream_id, -length('coupon-')) as code,
        -- The greatest is the last: the entry's number comes first, then what the coupon became.
        (array['issued', 'used', 'deactivated', 'expired', 'returnedexpired', 'confirming', 'cancelled', 'intransfer'])[1 + max(e.seq_id * 16 + e.became) % 16] as status,
        max(case when e.type = 'coupon_issued' then e.data ->> 'campaign' end) as campaign,
        max(case when e.type = 'coupon_issued' then (e.data -> 'termsVersion')::int end) as terms_version,
        max(case when e.type = 'coupon_issued' then e.data ->> 'member' end) as member,
        (max(case when e.type = 'coupon_gift_accepted' then array[lpad(e.version::text, 10, '0'), e.data ->> 'member'] end))[2] as recipient,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validFrom' end)::timestamptz as valid_from,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validTo' end)::timestamptz as valid_to,
        max(case when e.type = 'coupon_redeemed' then
            array[lpad(e.version::text, 10, '0'), e.data ->> 'redemptionId', e.data ->> 'at', e.data ->> 'discount'] end) as redemption,
        max(case when e.ends_keeping or e.kept_until is not null then e.seq_id end) as keeping_changed,
        max(case when e.kept_until is not null then e.seq_id end) as kept,
        (max(array[lpad(e.version::text, 10, '0'), e.kept_until]) filter (where e.kept_until is not null))[2]::timestamptz as held_until,
        max(e.seq_id) as entry
    from (
        select
            *,
            case type
                when 'coupon_redeemed' then case when data ? 'usesLeft' then 0 else 1 end
                when 'coupon_deactivated' then 2
                when 'coupon_expired' then 3
                when 'coupon_issued' then case when data ? 'confirmBy' then 5 else 0 end
                when 'coupon_issue_cancelled' then 6
                when 'coupon_gift_offered' then 7
                -- Voids, returns and what follows a sold coupon's price say what the coupon is, where it is not issued again.
                else coalesce(array_position(array['Issued', 'Used', 'Deactivated', 'Expired', 'ReturnedExpired', 'Confirming', 'Cancelled', 'InTransfer'], data ->> 'status'), 1) - 1
            end as became,
            -- Until when a hold keeps it, a gift is offered or its issue may be confirmed.
            case type
                when 'coupon_issued' then data ->> 'confirmBy'
                when 'coupon_held' then data ->> 'expiresAt'
                when 'coupon_gift_offered' then data ->> 'expiresAt'
            end as kept_until,
            type in (
                'coupon_hold_released', 'coupon_redeemed', 'coupon_issue_confirmed', 'coupon_issue_cancelled', 'coupon_gift_accepted',
                'coupon_gift_ended') as ends_keeping
        from entries
        where type in (
            'coupon_issued', 'coupon_held', 'coupon_hold_released', 'coupon_redeemed', 'redemption_voided', 'coupon_returned', 'coupon_deactivated',
            'coupon_expired', 'coupon_expiry_reversed', 'coupon_issue_confirmed', 'coupon_issue_cancelled', 'coupon_gift_offered',
            'coupon_gift_accepted', 'coupon_gift_ended', 'voucher_settled', 'voucher_settlement_reversed', 'voucher_refund_requested', 'voucher_refund_paid',
            'voucher_refund_failed', 'voucher_breakage_booked', 'voucher_breakage_reversed')
    ) as e
    group by e.tenant_id, e.stream_id
) as e on c.tenant_id = e.tenant_id and c.code = e.code
when matched then update set
    status = e.status,
    member = coalesce(e.recipient, c.member),
    redemption_id = case when e.status = 'used' then coalesce(e.redemption[2], c.redemption_id) end,
    redeemed_at = case when e.status = 'used' then coalesce(e.redemption[3]::timestamptz, c.redeemed_at) end,
    discount = case when e.status = 'used' then coalesce(e.redemption[4]::bigint, c.discount) end,
    held_until = case when e.keeping_changed is null then c.held_until when e.keeping_changed = e.kept then e.held_until end,
    entry = e.entry
when not matched then insert
    (tenant_id, code, status, campaign, terms_version, member, valid_from, valid_to, redemption_id, redeemed_at, discount, held_until,
    entry)
values (
    e.tenant_id, e.code, e.status, e.campaign, e.terms_version, coalesce(e.recipient, e.member), e.valid_from, e.valid_to,
    case when e.status = 'used' then e.redemption[2] end,
    case when e.status = 'used' then e.redemption[3]::timestamptz end,
    case when e.status = 'used' then e.redemption[4]::bigint end,
    case when e.keeping_changed = e.kept then e.held_until end,
    e.entry)
