-- One moment for everything that is read, and no way to write.
begin isolation level repeatable read read only
