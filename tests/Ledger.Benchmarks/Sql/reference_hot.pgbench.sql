select ledger.reference_redeem(nextval('ledger.reference_hot'), :count, 1000000000, :state, :data, :outcome, :headers);
