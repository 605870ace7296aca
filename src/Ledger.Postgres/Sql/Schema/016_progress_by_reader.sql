-- A reader that looks at every book finds its own progress in one walk, instead of looking it up book by book.
create index ledger_progress_reader_idx on ledger.progress (reader, tenant_id);
