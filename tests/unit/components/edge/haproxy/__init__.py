"""Unit tests of `components/edge/haproxy/`."""
