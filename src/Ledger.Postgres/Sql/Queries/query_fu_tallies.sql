-- Tallies $2 of all shards $1 of a campaign, as they stand at one moment.
select tenant_id, key, value from ledger.tallies where tenant_id = any($1) and key = any($2)
