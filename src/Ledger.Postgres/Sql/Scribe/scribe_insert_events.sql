-- The new entries. The statements of inline read models read them from here, without looking them up again.
insert into ledger.mt_events
    (tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, correlation_id, causation_id, headers, hash)
select
    unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6), unnest($7), unnest($8), unnest($9), unnest($10), unnest($11), unnest($12),
    unnest($13)
returning tenant_id, seq_id, stream_id, version, type, data
