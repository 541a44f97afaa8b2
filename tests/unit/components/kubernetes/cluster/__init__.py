"""Unit tests of `components/kubernetes/cluster/`."""
