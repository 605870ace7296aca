select ledger.reference_redeem(nextval('ledger.reference_spread'), :count, 0, :state, :data, :outcome, :headers);
