-- A round trip: a connection that lies in the pool may be dead since the server restarted.
select 1
