"""Helpers of the end-to-end tests: stacks, clusters, load, registries."""
