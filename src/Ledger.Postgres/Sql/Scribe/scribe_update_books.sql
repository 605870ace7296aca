update ledger.books b
set head = k.head, head_hash = k.head_hash
from (select unnest($1) as tenant_id, unnest($2) as head, unnest($3) as head_hash) as k
where b.tenant_id = k.tenant_id
