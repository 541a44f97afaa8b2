"""Paths of the sample application."""

from __future__ import annotations

SAMPLES_OWN = ["/api/v1/answer", "/api/v1/notes", "/api/v1/slow"]
"""Paths that only the sample has."""
