"""Unit tests of `components/application/`."""
