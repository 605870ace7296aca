-- The account of sold coupons of each campaign that ever sold one, exact: the tallies are written with the entries. The upper bound is above
-- every id in any collation: an id has at most 64 characters.
select substr(c.id, 10) as campaign, p.value as paid, coalesce(o.value, 0) as open, coalesce(s.value, 0) as settled, coalesce(k.value, 0) as commission,
       coalesce(r.value, 0) as refunds, coalesce(q.value, 0) as refunds_paid, coalesce(b.value, 0) as breakage,
       coalesce(h.value, 0) as held
from ledger.mt_streams c
join ledger.tallies p on p.tenant_id = c.tenant_id and p.key = 'sales/' || substr(c.id, 10) || '/paid'
left join ledger.tallies o on o.tenant_id = c.tenant_id and o.key = 'sales/' || substr(c.id, 10) || '/open'
left join ledger.tallies s on s.tenant_id = c.tenant_id and s.key = 'sales/' || substr(c.id, 10) || '/settled'
left join ledger.tallies k on k.tenant_id = c.tenant_id and k.key = 'sales/' || substr(c.id, 10) || '/commission'
left join ledger.tallies r on r.tenant_id = c.tenant_id and r.key = 'sales/' || substr(c.id, 10) || '/refunds'
left join ledger.tallies q on q.tenant_id = c.tenant_id and q.key = 'sales/' || substr(c.id, 10) || '/refunds-paid'
left join ledger.tallies b on b.tenant_id = c.tenant_id and b.key = 'sales/' || substr(c.id, 10) || '/breakage'
left join ledger.tallies h on h.tenant_id = c.tenant_id and h.key = 'sales/' || substr(c.id, 10) || '/held'
where c.tenant_id = $1 and c.id > 'campaign-' || $2 and c.id < 'campaign-' || repeat('z', 65) and c.type = 'campaign'
order by c.id
limit $3
