update ledger.used set next = $2 where supply = $1
