"""A stack that the last release has deployed to a cluster is updated: its data and Services stay, no request fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import EDGE, NewClusterStack
from tests.support.e2e import release
from tests.support.e2e.cluster import OPEN, Cluster
from tests.support.e2e.load import Load

pytestmark = pytest.mark.e2e

CLIENT_SIDE_APPLY = {"PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY": "false"}
"""As the plugin applied objects that the last release was tested with (release 2.0.0)."""


def identities(list_objects: Callable[[], list[Any]]) -> dict[str, str]:
    """The UID of each object, by its name."""
    return {item.metadata.name: item.metadata.uid for item in list_objects()}


def test_on_kubernetes_also_from_client_side_to_server_side_apply(
    new_cluster_stack: NewClusterStack, tmp_path: Path, cluster: Cluster
) -> None:
    edge = {**OPEN, "rateLimit": EDGE["rateLimit"]}
    # Its default for dnsSeconds, 30, would be waiting only.
    stack = new_cluster_stack(folder=release.files(tmp_path), edge=edge, kubernetes={"dnsSeconds": 2})
    stack.env.update(CLIENT_SIDE_APPLY)
    stack.up().ok()
    stack.env.clear()

    def objects() -> dict[str, dict[str, str]]:
        core = cluster.core
        return {
            "claims": identities(lambda: core.list_namespaced_persistent_volume_claim(stack.namespace).items),
            "services": identities(lambda: core.list_namespaced_service(stack.namespace).items),
        }

    before = objects()
    del stack.config["kubernetes"]["dnsSeconds"]
    newer = release.updated(stack, tmp_path / "newer")
    # The edge's files are a ConfigMap that nobody changes: another one is made beside it.
    made_anew = {urn.rsplit("::", 1)[-1] for _, urn in release.planned(newer)}
    assert made_anew <= {f"mimir-{stack.name}-edge-files", "mimir-edge-cookie-key"}
    with Load(stack.outputs()["url"]) as load:
        newer.up().ok()
    assert objects() == before, "the same claims and Services; the pods roll, and are given more room for their logs"
    assert load.report.failed == 0, load.report
    newer.up("--expect-no-changes").ok()
