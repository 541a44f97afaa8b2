"""Unit tests of `ops/state/`."""
