select count(*) from ledger.mt_events where type = 'coupon_redeemed'
