"""Unit tests of `ops/audit_log/`."""
