"""Unit tests of `components/docker/engine/`."""
