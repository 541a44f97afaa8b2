"""Unit tests of `components/docker/`."""
