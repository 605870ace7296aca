copy (
    -- Requests that nobody could have been answered with, over all books in one scan. The judging is done here, as the outcomes are
    -- the bulk of a ledger's bytes and hold nothing that the entries do not. Without a fingerprint
    -- a row is a tombstone, which audit_tombstones.sql compares.
    select tenant_id, count(*), min(key)
    from ledger.requests
    where {books} and (key = '' or octet_length(fingerprint) not in (0, 32) or jsonb_typeof(outcome) <> 'object')
    group by tenant_id
) to stdout (format binary)
