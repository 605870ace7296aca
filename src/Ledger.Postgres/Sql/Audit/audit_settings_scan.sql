-- Lifts what audit_settings.sql forbids.
set local enable_sort = on;
set local enable_seqscan = on;
set local enable_nestloop = on;
set local enable_mergejoin = on
