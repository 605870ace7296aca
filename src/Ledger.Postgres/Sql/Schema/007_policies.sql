-- What policies could not do: refused, which stays so, or failing, which is tried again at next_at.
create table ledger.policy_outcomes (
    tenant_id varchar     not null,
    policy    varchar     not null,
    seq_id    bigint      not null,
    status    varchar     not null check (status in ('refused', 'failing')),
    reason    varchar     not null,
    attempts  int         not null,
    tried_at  timestamptz not null,
    next_at   timestamptz,
    constraint ledger_policy_outcomes_key primary key (tenant_id, seq_id, policy)
);
create index ledger_policy_outcomes_due_idx on ledger.policy_outcomes (next_at) where next_at is not null;
comment on table ledger.policy_outcomes is 'One row per entry and policy that did not succeed; what succeeded stands in requests under (policy, entry id).';

-- Follows a purchase through all that it led to.
create index ledger_events_correlation_idx on ledger.mt_events (tenant_id, correlation_id, seq_id) where correlation_id is not null;
