-- Who has which coupon: one row a coupon, from its first entry. Deleting hides it from its owner's wallet; an accepted gift has another
-- owner, who sees it. A coupon without a row yet always has its first entry in the range.
merge into wallets as w
using (
    select
        e.tenant_id,
        right(e.stream_id, -length('coupon-')) as code,
        -- What came after the issue says more, and of that the last, which is the greatest.
        coalesce((max(e.change))[2], max(e.member)) as member,
        coalesce((max(e.change))[3]::boolean, false) as hidden,
        max(e.campaign) as campaign,
        max(e.terms_version) as terms_version,
        max(e.valid_to) as valid_to
    from (
        select
            e.tenant_id, e.seq_id, e.stream_id, e.data ->> 'member' as member, e.data ->> 'campaign' as campaign,
            case when e.type = 'coupon_issued' then (e.data -> 'termsVersion')::int end as terms_version,
            case when e.type = 'coupon_issued' then (e.data ->> 'validTo')::timestamptz end as valid_to,
            case when e.type <> 'coupon_issued' then array[lpad(e.version::text, 10, '0'), e.data ->> 'member', (e.type = 'coupon_hidden')::text] end as change
        from entries as e
        where e.type in ('coupon_issued', 'coupon_gift_accepted', 'coupon_hidden')
        offset 0 -- Entries are grouped by what is needed of them, not with all their data.
    ) as e
    group by e.tenant_id, e.stream_id
    -- Where all are loaded at once, a merchant's coupons come to lie together, as they are read.
    order by e.tenant_id, min(e.seq_id)
) as e on w.tenant_id = e.tenant_id and w.code = e.code
when matched then update set member = e.member, hidden = e.hidden
when not matched then insert (tenant_id, code, member, campaign, terms_version, valid_to, hidden)
values (e.tenant_id, e.code, e.member, e.campaign, e.terms_version, e.valid_to, e.hidden)
