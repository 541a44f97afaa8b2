"""Unit tests of `ops/report/`."""
