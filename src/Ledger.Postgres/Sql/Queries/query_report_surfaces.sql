-- A merchant's surfaces behind campaign $2, portal $3, position $4 and owner $5.
select campaign, portal, position, owner, issued, converted, redeemed, voided
from ledger.surface_totals
where tenant_id = $1 and (campaign, portal, position, owner) > ($2, $3, $4, $5)
order by campaign, portal, position, owner
limit $6
