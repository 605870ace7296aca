select w.code, s.state, s.state_schema
from ledger.wallets as w
join ledger.mt_streams as s on s.tenant_id = w.tenant_id and s.id = 'coupon-' || w.code
where w.tenant_id = $1 and w.member = $2 and w.code > $3 and (not w.hidden or $5)
order by w.code
limit $4
