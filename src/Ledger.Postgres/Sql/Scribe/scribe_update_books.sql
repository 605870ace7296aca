update ledger.books b
set head = k.head, head_hash = k.head_hash
from unnest($1, $2, $3) as k (tenant_id, head, head_hash)
where b.tenant_id = k.tenant_id
