-- The book: streams, events, heads, tallies, request keys. Layout of Marten 9 with conjoined tenancy, string stream ids and
-- tenant-partitioned events; the columns behind is_archived are the ledger's own. Every key carries tenant_id (the merchant).
create schema if not exists ledger;

create table ledger.mt_streams (
    tenant_id    varchar     not null,
    id           varchar     not null,
    type         varchar     not null,
    version      bigint      not null,
    timestamp    timestamptz not null,
    created      timestamptz not null,
    is_archived  boolean     not null default false,
    status       varchar,
    state        text,
    state_schema int,
    constraint ledger_streams_key primary key (tenant_id, id)
) with (fillfactor = 70);
comment on column ledger.mt_streams.status is 'What the state is in a word, for those who count and list.';
comment on column ledger.mt_streams.state is 'The stream''s folded state as JSON: one indexed read answers, however long the stream. Text, since nobody asks for parts of it.';
comment on column ledger.mt_streams.state_schema is 'The shape of state; another number than the code''s means: fold from the events.';

create table ledger.mt_events (
    tenant_id      varchar      not null,
    seq_id         bigint       not null,
    id             uuid         not null,
    stream_id      varchar      not null,
    version        bigint       not null,
    data           jsonb        not null,
    bdata          bytea,
    type           varchar(500) not null,
    timestamp      timestamptz  not null,
    mt_dotnet_type varchar      not null,
    correlation_id varchar,
    causation_id   varchar,
    headers        jsonb,
    is_archived    boolean      not null default false,
    hash           bytea        not null,
    constraint ledger_events_key primary key (tenant_id, seq_id),
    constraint ledger_events_version_key unique (tenant_id, stream_id, version)
);
comment on column ledger.mt_events.seq_id is 'The entry number: 1, 2, 3 ... per tenant, without gaps.';
comment on column ledger.mt_events.hash is 'SHA-256 of the previous entry''s hash and the canonical JSON of this entry.';

create table ledger.books (
    tenant_id varchar not null,
    head      bigint  not null,
    head_hash bytea   not null,
    constraint ledger_books_key primary key (tenant_id)
) with (fillfactor = 50);
comment on table ledger.books is 'One row per merchant; its row lock orders the merchant''s entries across all writers.';

create table ledger.tallies (
    tenant_id varchar not null,
    key       varchar not null,
    value     bigint  not null,
    constraint ledger_tallies_key primary key (tenant_id, key)
) with (fillfactor = 50);
comment on table ledger.tallies is 'Numbers kept by key: the sum of what the book''s entries say about that key.';

create table ledger.requests (
    tenant_id   varchar not null,
    key         varchar not null,
    fingerprint bytea   not null,
    outcome     jsonb   not null,
    constraint ledger_requests_key primary key (tenant_id, key)
);
-- Tombstones alone: the audit compares them with their entries and need not look at any other row.
create index ledger_requests_tombstones_idx on ledger.requests (tenant_id, key) where fingerprint = '\x';
comment on table ledger.requests is 'One key, one outcome, for ever. Refusals changed nothing and are not kept.';
comment on column ledger.requests.fingerprint is 'SHA-256 of what was asked; empty for a tombstone: reversed before it arrived, and refused for ever.';

create table ledger.progress (
    tenant_id varchar not null,
    reader    varchar not null,
    seq_id    bigint  not null,
    constraint ledger_progress_key primary key (tenant_id, reader)
) with (fillfactor = 50);
comment on table ledger.progress is 'How far each reader has followed each book; moved in the transaction that did the work.';
