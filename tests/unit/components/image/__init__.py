"""Unit tests of `components/image/`."""
