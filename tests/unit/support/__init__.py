"""Unit tests of the helpers in `tests/support/`."""
