-- The new entries. The statements of inline read models read them from here, without looking them up again.
insert into ledger.mt_events
    (tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, correlation_id, causation_id, headers, hash)
select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
returning tenant_id, seq_id, stream_id, version, type, data
