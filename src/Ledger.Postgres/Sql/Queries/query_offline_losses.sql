-- The loss account by party. The upper bound is above every key in any collation: a party has at most 64 characters.
select substr(key, 14) as party, value
from ledger.tallies
where tenant_id = $1 and key > 'offline-loss/' and key < 'offline-loss/' || repeat('z', 65)
order by key
