-- What Fu-card campaigns brought a merchant, in its own book. A card says its campaign, and so does a member's channel; a coupon's use finds it in the issue, by the
-- coupon's stream, and is not read in books that never issued a card: the others are walked by the index of what tills do not write all day.
-- What that index leaves out stands in one literal, not name by name: who is woken by an event is told by the names in quotes.
merge into fu_totals as t
using (
    with mine as materialized (
        select
            e.tenant_id, e.stream_id, e.version, e.type,
            coalesce(e.data ->> 'owner', split_part(e.data ->> 'channel', '/', 2)) as owner,
            coalesce(e.data ->> 'campaign', split_part(e.data ->> 'channel', '/', 3)) as campaign,
            coalesce((e.data -> 'couponIssued')::boolean, false) as carries
        from entries as e
        where e.type <> all ('{coupon_issued,coupon_held,coupon_hold_released,coupon_redeemed,coupon_expired}')
            and (e.type = 'card_coupon_settled' or (e.type = 'member_joined' and e.data ->> 'channel' like 'FU\_CARD/%/%'))
    ),
    used as materialized (
        select e.tenant_id, e.stream_id, e.version, e.type
        from entries as e
        where e.type in ('coupon_redeemed', 'redemption_voided')
            and (exists (select from fu_totals as s where s.tenant_id = e.tenant_id) or exists (select from mine as m where m.tenant_id = e.tenant_id))
    ),
    placed as materialized (
        select
            u.tenant_id, u.stream_id, u.version, u.type,
            split_part(i.data ->> 'channel', '/', 2) as owner, split_part(i.data ->> 'channel', '/', 3) as campaign, false as carries
        from used as u
        join ledger.mt_events as i on i.tenant_id = u.tenant_id and i.stream_id = u.stream_id and i.version = 1 and i.data ->> 'channel' like 'FU\_CARD/%/%'
    )
    select
        a.tenant_id,
        a.owner,
        a.campaign,
        count(*) filter (where a.type = 'card_coupon_settled') as cards,
        count(*) filter (where a.carries) as coupons,
        count(*) filter (where a.type = 'coupon_redeemed' and not exists (
            select from ledger.mt_events as p
            where p.tenant_id = a.tenant_id and p.stream_id = a.stream_id and p.version < a.version and p.type = 'coupon_redeemed')) as converted,
        count(*) filter (where a.type = 'coupon_redeemed') as redeemed,
        count(*) filter (where a.type = 'redemption_voided') as voided,
        count(*) filter (where a.type = 'member_joined') as members
    from (select * from mine union all select * from placed) as a
    group by 1, 2, 3
) as e on t.tenant_id = e.tenant_id and t.owner = e.owner and t.campaign = e.campaign
when matched then update set
    cards = t.cards + e.cards,
    coupons = t.coupons + e.coupons,
    converted = t.converted + e.converted,
    redeemed = t.redeemed + e.redeemed,
    voided = t.voided + e.voided,
    members = t.members + e.members
when not matched then insert (tenant_id, owner, campaign, cards, coupons, converted, redeemed, voided, members)
values (e.tenant_id, e.owner, e.campaign, e.cards, e.coupons, e.converted, e.redeemed, e.voided, e.members)
