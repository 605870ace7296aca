copy (
    select
        tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, correlation_id, causation_id, headers, hash,
        bdata is not null, is_archived
    from ledger.mt_events
    where {books}
    order by tenant_id, seq_id
) to stdout (format binary)
