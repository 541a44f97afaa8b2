"""Helpers of the edge tests: a running HAProxy, recorders, attackers."""
