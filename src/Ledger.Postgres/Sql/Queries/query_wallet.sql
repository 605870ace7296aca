select code, campaign, status, valid_from, valid_to, redeemed_at, held_until
from ledger.redemption_check
where tenant_id = $1 and member = $2 and code > $3
order by code
limit $4
