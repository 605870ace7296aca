-- A request makes one key, however often it is sent. Keys made on the command line have none.
alter table ledger.api_keys
    add column made_by varchar,
    add column request varchar,
    add constraint ledger_api_keys_request_key unique (made_by, request),
    add constraint ledger_api_keys_request_check check ((made_by is null) = (request is null));
comment on column ledger.api_keys.made_by is 'Public id of the key that asked.';
