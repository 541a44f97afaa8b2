"""Unit tests of `ops/ownership/`."""
