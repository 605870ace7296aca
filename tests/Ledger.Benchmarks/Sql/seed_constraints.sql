-- Keys that are dropped before rows are copied in, and made again after: an index over what is there is faster than a row at a time.
select format('alter table %s drop constraint %I', conrelid::regclass, conname) as without,
       format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as again
from pg_constraint
where connamespace = 'ledger'::regnamespace and contype in ('p', 'u')
  and conrelid in ('ledger.mt_events'::regclass, 'ledger.mt_streams'::regclass, 'ledger.tallies'::regclass)
