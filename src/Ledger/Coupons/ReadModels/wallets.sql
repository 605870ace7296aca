-- Who has which coupon: one row a coupon, from its first entry. Deleting hides it from its owner's wallet; an accepted gift has another
-- owner, who sees it. A coupon without a row yet always has its first entry in the range.
merge into wallets as w
using (
    select
        e.tenant_id,
        right(e.stream_id, -length('coupon-')) as code,
        -- The greatest is the last.
        (max(array[lpad(e.version::text, 10, '0'), e.data ->> 'member']))[2] as member,
        (max(array[lpad(e.version::text, 10, '0'), (e.type = 'coupon_hidden')::text]))[2]::boolean as hidden,
        max(e.data ->> 'campaign') as campaign,
        max(case when e.type = 'coupon_issued' then (e.data -> 'termsVersion')::int end) as terms_version,
        max(case when e.type = 'coupon_issued' then e.data ->> 'validTo' end)::timestamptz as valid_to
    from entries as e
    where e.type in ('coupon_issued', 'coupon_gift_accepted', 'coupon_hidden')
    group by e.tenant_id, e.stream_id
) as e on w.tenant_id = e.tenant_id and w.code = e.code
when matched then update set member = e.member, hidden = e.hidden
when not matched then insert (tenant_id, code, member, campaign, terms_version, valid_to, hidden)
values (e.tenant_id, e.code, e.member, e.campaign, e.terms_version, e.valid_to, e.hidden)
