select array_agg(tenant_id order by tenant_id), array_agg(0::bigint), array_agg(head order by tenant_id) from ledger.books
