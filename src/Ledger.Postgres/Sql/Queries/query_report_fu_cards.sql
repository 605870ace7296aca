-- What Fu-card campaigns brought a merchant, behind owner $2 and campaign $3.
select owner, campaign, cards, coupons, converted, redeemed, voided, members
from ledger.fu_totals
where tenant_id = $1 and (owner, campaign) > ($2, $3)
order by owner, campaign
limit $4
