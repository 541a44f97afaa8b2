"""Unit tests of `components/validation/`."""
