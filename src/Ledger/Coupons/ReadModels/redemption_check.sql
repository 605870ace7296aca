-- What a till asks before it redeems: one row per coupon, as its last entry left it. What never changes stands in the
-- first entry of the coupon, and a coupon without a row yet always has that entry in the range.
merge into redemption_check as c
using (
    select
        e.tenant_id,
        right(e.stream_id, -length('coupon-')) as code,
        case max(e.seq_id)
            when max(case when e.type = 'coupon_redeemed' then e.seq_id end) then 'used'
            when max(case when e.type = 'coupon_expired' then e.seq_id end) then 'expired'
            when max(case when e.type = 'coupon_deactivated' then e.seq_id end) then 'deactivated'
            else 'issued'
        end as status,
        max(case when e.type = 'coupon_issued' then e.data ->> 'campaign' end) as campaign,
        max(case when e.type = 'coupon_issued' then (e.data -> 'termsVersion')::int end) as terms_version,
        max(case when e.type = 'coupon_issued' then e.data ->> 'member' end) as member,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validFrom' end)::timestamptz as valid_from,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validTo' end)::timestamptz as valid_to,
        -- The greatest is the last: the version comes first, in digits of one length.
        max(case when e.type = 'coupon_redeemed' then
            array[lpad(e.version::text, 10, '0'), e.data ->> 'redemptionId', e.data ->> 'at', e.data ->> 'discount'] end) as redemption,
        case max(e.seq_id) when max(case when e.type = 'coupon_held' then e.seq_id end) then
            (max(case when e.type = 'coupon_held' then array[lpad(e.version::text, 10, '0'), e.data ->> 'expiresAt'] end))[2] end as held_until,
        max(e.seq_id) as entry
    from entries as e
    where e.type in (
        'coupon_issued', 'coupon_held', 'coupon_hold_released', 'coupon_redeemed', 'redemption_voided', 'coupon_deactivated', 'coupon_expired',
        'coupon_expiry_reversed')
    group by e.tenant_id, e.stream_id
) as e on c.tenant_id = e.tenant_id and c.code = e.code
when matched then update set
    status = e.status,
    redemption_id = case when e.status = 'used' then e.redemption[2] end,
    redeemed_at = case when e.status = 'used' then e.redemption[3]::timestamptz end,
    discount = case when e.status = 'used' then e.redemption[4]::bigint end,
    held_until = e.held_until::timestamptz,
    entry = e.entry
when not matched then insert
    (tenant_id, code, status, campaign, terms_version, member, valid_from, valid_to, redemption_id, redeemed_at, discount, held_until,
    entry)
values (
    e.tenant_id, e.code, e.status, e.campaign, e.terms_version, e.member, e.valid_from, e.valid_to,
    case when e.status = 'used' then e.redemption[2] end,
    case when e.status = 'used' then e.redemption[3]::timestamptz end,
    case when e.status = 'used' then e.redemption[4]::bigint end,
    e.held_until::timestamptz,
    e.entry)
