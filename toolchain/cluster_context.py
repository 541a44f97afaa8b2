"""Which cluster the tests use: one that the user names, or else the one that the toolchain makes."""

from __future__ import annotations

from collections.abc import Mapping

BUILT = "mimir-test"
"""Context of the cluster that the toolchain makes."""

VARIABLE = "MIMIR_TEST_CONTEXT"
"""Names a context of the user's kubeconfig (KUBECONFIG, or ~/.kube/config)."""


def context_of(environment: Mapping[str, str]) -> str:
    """The context of the cluster that the tests use."""
    return environment.get(VARIABLE) or BUILT


def is_named(environment: Mapping[str, str]) -> bool:
    """Whether the user names a cluster, so that the toolchain makes none and needs no root."""
    return context_of(environment) != BUILT
