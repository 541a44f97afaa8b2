"""A rollout on a Docker engine: smoke test, cutover, verification, and why it failed."""
