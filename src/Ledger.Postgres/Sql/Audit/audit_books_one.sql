tenant_id = current_setting('ledger.audit_from')
