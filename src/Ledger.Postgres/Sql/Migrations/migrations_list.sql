select id, sha256 from ledger.migrations order by id collate "C";
