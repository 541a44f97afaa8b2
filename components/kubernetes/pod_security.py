"""The labels by which a namespace admits pods of the `restricted` profile only (Kubernetes: Pod Security Standards)."""

from __future__ import annotations

ENFORCE = "pod-security.kubernetes.io/enforce"

RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}{suffix}": value
    for mode in ("enforce", "audit", "warn")
    for suffix, value in (("", "restricted"), ("-version", "latest"))
}
"""Kubernetes: Pod Security Standards, enforced by the built-in admission plugin."""
