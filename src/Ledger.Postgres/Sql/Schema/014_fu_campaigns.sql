-- Which campaigns of Fu cards there are, without a walk through every book: FuSweep asks each second.
create index ledger_streams_fu_campaigns on ledger.mt_streams (tenant_id, id) where type = 'fucampaign';
