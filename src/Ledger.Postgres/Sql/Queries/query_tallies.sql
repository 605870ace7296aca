select key, value from ledger.tallies where tenant_id = $1 and key = any($2)
