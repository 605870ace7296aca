-- The lock of reader_begin.sql: while it is held, no instance follows with this reader.
select pg_advisory_xact_lock(hashtextextended('ledger/reader/' || $1::varchar, 0))
