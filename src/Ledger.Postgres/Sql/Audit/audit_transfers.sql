-- Every transfer of every book, as its state stands.
select tenant_id, id, state, state_schema
from ledger.mt_streams
where type = 'transfer'
order by tenant_id, id
