"""Deployments and their pods: specification, scaling, rollout, and reports of failed rollouts."""
