insert into ledger.tallies as t (tenant_id, key, value)
select * from unnest($1, $2, $3)
on conflict (tenant_id, key) do update set value = t.value + excluded.value
