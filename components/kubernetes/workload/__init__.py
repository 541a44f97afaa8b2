"""Deployments and their pods: specification, scaling, rollout, and why a rollout failed."""
