-- The statements that build table ledger.$1 anew beside and put it in its place, in order within each phase. The copy has the same
-- columns, storage options, comments, owner, rights, constraints and indexes, under the same names, whoever builds it.
with original as (
    select c.oid, c.relname, c.reloptions, c.relacl, c.relowner
    from pg_class as c
    where c.relnamespace = 'ledger'::regnamespace and c.relname = $1::varchar
)
select s.phase, s.statement
from (
    select 'create' as phase, 1 as step, format('create schema if not exists ledger_rebuild authorization %I', pg_get_userbyid(relowner)) as statement from original
    union all
    select 'create', 2, format('drop table if exists ledger_rebuild.%I', relname) from original
    union all
    select 'create', 3, format('create table ledger_rebuild.%I (like ledger.%1$I including all excluding indexes)%s',
        relname, ' with (' || array_to_string(reloptions, ', ') || ')')
    from original
    union all
    select 'create', 4, format('alter table ledger_rebuild.%I owner to %I', relname, pg_get_userbyid(relowner)) from original
    union all
    select 'create', 5, format('comment on table ledger_rebuild.%I is %L', relname, obj_description(oid, 'pg_class'))
    from original
    where obj_description(oid, 'pg_class') is not null
    union all
    select 'create', 6, format('grant %s on ledger_rebuild.%I to %s%s',
        acl.privilege_type, o.relname, coalesce(quote_ident(r.rolname), 'public'), case when acl.is_grantable then ' with grant option' else '' end)
    from original as o
    cross join lateral aclexplode(o.relacl) as acl
    left join pg_roles as r on r.oid = acl.grantee
    where acl.grantee <> o.relowner
    union all
    select 'index', 1, format('alter table ledger_rebuild.%I add constraint %I %s', o.relname, c.conname, pg_get_constraintdef(c.oid))
    from original as o
    join pg_constraint as c on c.conrelid = o.oid and c.contype in ('p', 'u', 'x')
    union all
    select 'index', 2, replace(pg_get_indexdef(i.indexrelid), format(' ON ledger.%I ', o.relname), format(' ON ledger_rebuild.%I ', o.relname))
    from original as o
    join pg_index as i on i.indrelid = o.oid
    where not exists (select from pg_constraint as c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))
    union all
    select 'index', 3, format('analyze ledger_rebuild.%I', relname) from original
    union all
    select 'lock', 1, format('lock table ledger.%I in share row exclusive mode', relname) from original
    union all
    select 'swap', 1, format('drop table ledger.%I', relname) from original
    union all
    select 'swap', 2, format('alter table ledger_rebuild.%I set schema ledger', relname) from original
) as s
order by s.phase, s.step
