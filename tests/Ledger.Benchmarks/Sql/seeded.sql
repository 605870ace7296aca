-- Whether the seeding came to its end: a folder that was kept is seeded, with the migrations of whatever build made it.
select to_regclass('ledger.redemption_check') is not null
