-- Sums per campaign. A void counts as one and takes its basket and discount back, a return what came back; an expiry that did not hold
-- is no expiry,
-- and an issue that was cancelled none. A basket counts for each coupon that was used on it.
merge into campaign_totals as t
using (
    select
        e.tenant_id,
        e.data ->> 'campaign' as campaign,
        count(*) filter (where e.type = 'coupon_issued') - count(*) filter (where e.type = 'coupon_issue_cancelled') as issued,
        count(*) filter (where e.type = 'coupon_redeemed') as redeemed,
        count(*) filter (where e.type = 'redemption_voided') as voided,
        count(*) filter (where e.type = 'coupon_returned') as returned,
        count(*) filter (where e.type = 'coupon_deactivated') as deactivated,
        count(*) filter (where e.type = 'coupon_expired') - count(*) filter (where e.type = 'coupon_expiry_reversed') as expired,
        coalesce(sum(case e.type
            when 'coupon_redeemed' then (e.data -> 'amount')::bigint
            when 'redemption_voided' then -(e.data -> 'amount')::bigint
            when 'coupon_returned' then -(e.data -> 'amount')::bigint end), 0)::bigint as amount,
        coalesce(sum(case e.type
            when 'coupon_redeemed' then (e.data -> 'discount')::bigint
            when 'redemption_voided' then -(e.data -> 'discount')::bigint
            when 'coupon_returned' then -(e.data -> 'discount')::bigint end), 0)::bigint as discount,
        count(case when e.type = 'coupon_issued' then e.data -> 'faceValue' end)
            - count(case when e.type = 'coupon_issue_cancelled' then e.data -> 'faceValue' end) as face_valued,
        coalesce(sum(case e.type
            when 'coupon_issued' then (e.data -> 'faceValue')::bigint
            when 'coupon_issue_cancelled' then -(e.data -> 'faceValue')::bigint end), 0)::bigint as face_value
    from entries as e
    where e.type in (
        'coupon_issued', 'coupon_redeemed', 'redemption_voided', 'coupon_returned', 'coupon_deactivated', 'coupon_expired', 'coupon_expiry_reversed',
        'coupon_issue_cancelled')
    group by e.tenant_id, e.data ->> 'campaign'
) as e on t.tenant_id = e.tenant_id and t.campaign = e.campaign
when matched then update set
    issued = t.issued + e.issued,
    redeemed = t.redeemed + e.redeemed,
    voided = t.voided + e.voided,
    returned = t.returned + e.returned,
    deactivated = t.deactivated + e.deactivated,
    expired = t.expired + e.expired,
    amount = t.amount + e.amount,
    discount = t.discount + e.discount,
    face_valued = t.face_valued + e.face_valued,
    face_value = t.face_value + e.face_value
when not matched then insert
    (tenant_id, campaign, issued, redeemed, voided, returned, deactivated, expired, amount, discount, face_valued, face_value)
values (
    e.tenant_id, e.campaign, e.issued, e.redeemed, e.voided, e.returned, e.deactivated, e.expired, e.amount, e.discount, e.face_valued, e.face_value)
