"""Unit tests of `ops/pipeline/`."""
