insert into ledger.migrations (id, sha256, applied_at) values ($1, $2, $3);
