"""Unit tests of `components/`."""
