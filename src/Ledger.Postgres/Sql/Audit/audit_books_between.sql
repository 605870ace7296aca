tenant_id >= current_setting('ledger.audit_from') and tenant_id < current_setting('ledger.audit_to')
