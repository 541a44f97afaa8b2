"""Unit tests of `ops/checks/`."""
