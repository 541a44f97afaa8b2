"""Unit tests of `ops/github/`."""
