with said as materialized (
    select format('%8s ms %7s calls %8s us each %8s rows %6s kB WAL  %s',
            round(total_exec_time), calls, round(total_exec_time / calls * 1000), rows, wal_bytes / 1024, left(regexp_replace(query, '\s+', ' ', 'g'), 90)) as line,
        total_exec_time
    from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database())
    order by total_exec_time desc limit 25
)
select line from (select line, total_exec_time from said union all select 'and begun anew' || left(pg_stat_statements_reset()::text, 0), -1) as all_lines
order by total_exec_time desc
