-- Coupons by where they were issued. Only the issue names its surface, and is found by an index of those that do; a use finds it there by the coupon's stream.
-- Uses are not read in books that never issued with one, nor looked up where their campaign did not. Issues that were cancelled take themselves back.
merge into surface_totals as t
using (
    with mine as materialized (
        select e.tenant_id, e.stream_id, e.version, e.type, e.data ->> 'campaign' as campaign, e.data -> 'surface' as surface
        from entries as e
        where e.type in ('coupon_issued', 'coupon_issue_cancelled') and e.data ? 'surface'
    ),
    used as materialized (
        select e.tenant_id, e.stream_id, e.version, e.type, e.data ->> 'campaign' as campaign
        from entries as e
        where e.type in ('coupon_redeemed', 'redemption_voided')
            and (exists (select from surface_totals as s where s.tenant_id = e.tenant_id) or exists (select from mine as m where m.tenant_id = e.tenant_id))
    ),
    placed as materialized (
        select u.tenant_id, u.stream_id, u.version, u.type, u.campaign, i.data -> 'surface' as surface
        from used as u
        join ledger.mt_events as i on i.tenant_id = u.tenant_id and i.stream_id = u.stream_id and i.version = 1 and i.data -> 'surface' is not null
        where exists (select from surface_totals as s where s.tenant_id = u.tenant_id and s.campaign = u.campaign)
            or exists (select from mine as m where m.tenant_id = u.tenant_id and m.campaign = u.campaign)
    )
    select
        a.tenant_id,
        a.campaign,
        a.surface ->> 'portal' as portal,
        coalesce(a.surface ->> 'position', '') as position,
        coalesce(a.surface ->> 'owner', '') as owner,
        count(*) filter (where a.type = 'coupon_issued') - count(*) filter (where a.type = 'coupon_issue_cancelled') as issued,
        count(*) filter (where a.type = 'coupon_redeemed' and not exists (
            select from ledger.mt_events as p
            where p.tenant_id = a.tenant_id and p.stream_id = a.stream_id and p.version < a.version and p.type = 'coupon_redeemed')) as converted,
        count(*) filter (where a.type = 'coupon_redeemed') as redeemed,
        count(*) filter (where a.type = 'redemption_voided') as voided
    from (select * from mine union all select * from placed) as a
    group by 1, 2, 3, 4, 5
) as e on t.tenant_id = e.tenant_id and t.campaign = e.campaign and t.portal = e.portal and t.position = e.position and t.owner = e.owner
when matched then update set
    issued = t.issued + e.issued,
    converted = t.converted + e.converted,
    redeemed = t.redeemed + e.redeemed,
    voided = t.voided + e.voided
when not matched then insert (tenant_id, campaign, portal, position, owner, issued, converted, redeemed, voided)
values (e.tenant_id, e.campaign, e.portal, e.position, e.owner, e.issued, e.converted, e.redeemed, e.voided)
