"""Unit tests of `ops/supply/`."""
