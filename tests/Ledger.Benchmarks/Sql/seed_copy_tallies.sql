copy ledger.tallies (tenant_id, key, value) from stdin (format binary)
