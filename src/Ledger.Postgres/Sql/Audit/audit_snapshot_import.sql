-- Utility statements take no parameters: {snapshot} is what audit_snapshot_export.sql gave.
set transaction snapshot '{snapshot}'
