-- Prizes that the books $1 say are paid, and their sum.
select count(*), coalesce(sum((state::jsonb -> 'prize' ->> 'amount')::bigint), 0)::bigint
from ledger.mt_streams
where tenant_id = any ($1) and type = 'fuhand' and state::jsonb -> 'prize' ->> 'state' = 'Paid'
