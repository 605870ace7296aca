copy (
    -- What is never otherwise costs nothing as null.
    select
        tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, correlation_id, causation_id, headers, hash,
        case when bdata is not null then true end, case when is_archived then true end
    from ledger.mt_events
    where {books}
    order by tenant_id, seq_id
) to stdout (format binary)
