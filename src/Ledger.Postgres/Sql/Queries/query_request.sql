select outcome, fingerprint = '' from ledger.requests where tenant_id = $1 and key = $2
