select type, data from ledger.mt_events where tenant_id = $1 and stream_id = $2 order by version
