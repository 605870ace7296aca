-- Whoever comes first decides; everyone else reads what that was.
insert into ledger.secrets (tenant_id, name, secret, created_at) values ($1, $2, $3, $4) on conflict (tenant_id, name) do nothing
