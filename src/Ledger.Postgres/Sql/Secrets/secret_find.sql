select secret from ledger.secrets where tenant_id = $1 and name = $2
