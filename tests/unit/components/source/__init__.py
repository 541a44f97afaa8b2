"""Unit tests of `components/source/`."""
