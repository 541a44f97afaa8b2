"""Unit tests of `components/docker/rollout/`."""
