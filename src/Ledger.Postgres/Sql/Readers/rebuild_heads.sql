select tenant_id, head from ledger.books order by tenant_id
