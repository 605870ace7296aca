-- The policy succeeded at last: what it did stands under its request key.
delete from ledger.policy_outcomes where tenant_id = $1 and policy = $2 and seq_id = $3
