"""Unit tests of `components/kubernetes/`."""
