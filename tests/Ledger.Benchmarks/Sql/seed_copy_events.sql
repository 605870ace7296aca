copy ledger.mt_events (tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, headers, hash) from stdin (format binary)
