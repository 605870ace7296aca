select id from ledger.api_keys where made_by = $1 and request = $2;
