-- Moves the progress of reader $1 in the books $2 from $3 to $4. A book where the progress is not at $3 is left alone, and the
-- number of rows tells.
merge into ledger.progress as p
using unnest($2::varchar[], $3::bigint[], $4::bigint[]) as range (tenant_id, after, upto)
on p.tenant_id = range.tenant_id and p.reader = $1
when matched and p.seq_id = range.after then update set seq_id = range.upto
when not matched and range.after = 0 then insert (tenant_id, reader, seq_id) values (range.tenant_id, $1, range.upto)
