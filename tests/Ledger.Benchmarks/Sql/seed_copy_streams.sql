copy ledger.mt_streams (tenant_id, id, type, version, timestamp, created, status, state, state_schema) from stdin (format binary)
