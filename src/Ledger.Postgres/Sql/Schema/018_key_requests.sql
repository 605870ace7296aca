-- A request for a key that is repeated makes no second one: who asked is kept with the key, and under which request key.
alter table ledger.api_keys add column asked_by varchar;
alter table ledger.api_keys add column request_key varchar;
alter table ledger.api_keys add constraint ledger_api_keys_request_key unique (asked_by, request_key);
comment on column ledger.api_keys.asked_by is 'Id of the key that asked for this one; null, like request_key, where no request did.';
