"""Unit tests of `components/kubernetes/workload/`."""
