"""Unit tests of `ops/`."""
