select b.tenant_id, b.head, coalesce(p.seq_id, 0)
from ledger.books as b
left join ledger.progress as p on p.tenant_id = b.tenant_id and p.reader = $2
where b.tenant_id = any ($1)
