-- All that a till must know of a coupon: its row, and the terms that it pins.
select r.status, r.campaign, r.terms_version, r.member, r.valid_from, r.valid_to, r.redemption_id, r.redeemed_at, r.held_until, t.state, t.state_schema
from ledger.redemption_check r
join ledger.mt_streams t on t.tenant_id = r.tenant_id and t.id = 'terms-' || r.campaign || '-' || r.terms_version
where r.tenant_id = $1 and r.code = $2
