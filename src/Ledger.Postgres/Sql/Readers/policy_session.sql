-- A policy's pass is idle while it waits for the scribes, under load for minutes, and doing it all again would add to the load. It holds no lock but its reader's, which no
-- till waits for: keepalives are enough.
set local idle_in_transaction_session_timeout = 0
