copy ledger.books (tenant_id, head, head_hash) from stdin (format binary)
