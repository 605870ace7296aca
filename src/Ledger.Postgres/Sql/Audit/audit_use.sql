-- COPY takes no parameters; its statements read the range of merchants from here.
select set_config('ledger.audit_from', $1, true), set_config('ledger.audit_to', $2, true)
