-- A pool would keep the session, and the locks with it.
select pg_advisory_unlock_all()
