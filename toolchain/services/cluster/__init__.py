"""A real Kubernetes of one node, for tests: see docs/cluster.md."""
