insert into ledger.tallies as t (tenant_id, key, value)
select unnest($1), unnest($2), unnest($3)
on conflict (tenant_id, key) do update set value = t.value + excluded.value
