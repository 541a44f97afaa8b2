"""Unit tests of `components/edge/`."""
