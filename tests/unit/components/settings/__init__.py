"""Unit tests of `components/settings/`."""
