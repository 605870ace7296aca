select next from ledger.used where supply = $1
