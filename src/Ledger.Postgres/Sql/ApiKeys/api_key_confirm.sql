-- Of the keys $1, by their public ids, those that are not revoked.
select k.id
from unnest($1::varchar[]) as asked (id)
join ledger.api_keys as k on k.id = asked.id
where k.revoked_at is null
