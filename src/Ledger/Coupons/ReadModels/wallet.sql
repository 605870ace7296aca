-- What a member holds and held: one row per coupon, as its last entry left it. The first entry of a coupon makes the row.
merge into wallet as w
using (
    select
        e.tenant_id,
        right(e.stream_id, -length('coupon-')) as code,
        max(e.data ->> 'member') as member,
        case max(e.seq_id)
            when max(case when e.type = 'coupon_redeemed' then e.seq_id end) then 'used'
            when max(case when e.type = 'coupon_expired' then e.seq_id end) then 'expired'
            when max(case when e.type = 'coupon_deactivated' then e.seq_id end) then 'deactivated'
            else 'issued'
        end as status,
        max(case when e.type = 'coupon_issued' then e.data ->> 'campaign' end) as campaign,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validFrom' end)::timestamptz as valid_from,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validTo' end)::timestamptz as valid_to,
        -- The greatest is the last: the version comes first, in digits of one length.
        max(case when e.type = 'coupon_redeemed' then array[lpad(e.version::text, 10, '0'), e.data ->> 'at'] end) as redemption,
        max(e.seq_id) as entry
    from entries as e
    where e.type in (
        'coupon_issued', 'coupon_redeemed', 'redemption_voided', 'coupon_deactivated', 'coupon_expired', 'coupon_expiry_reversed')
    group by e.tenant_id, e.stream_id
) as e on w.tenant_id = e.tenant_id and w.member = e.member and w.code = e.code
when matched then update set
    status = e.status,
    redeemed_at = case when e.status = 'used' then e.redemption[2]::timestamptz end,
    entry = e.entry
when not matched then insert (tenant_id, member, code, campaign, status, valid_from, valid_to, redeemed_at, entry)
values (
    e.tenant_id, e.member, e.code, e.campaign, e.status, e.valid_from, e.valid_to,
    case when e.status = 'used' then e.redemption[2]::timestamptz end,
    e.entry)
