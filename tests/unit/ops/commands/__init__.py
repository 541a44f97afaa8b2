"""Unit tests of `ops/commands/`."""
