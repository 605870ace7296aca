select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_issued' and data ->> 'campaign' = $2
