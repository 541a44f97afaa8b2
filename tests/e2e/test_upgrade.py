"""A stack that the last release has deployed is updated by this program: nothing is replaced, nothing restarts."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.cluster import OPEN, Cluster
from tests.e2e.conftest import NewClusterStack, NewStack
from tests.e2e.load import Load
from tests.e2e.stack import PROJECT, Stack, copy_project

pytestmark = pytest.mark.e2e

LAST_RELEASE = "1beffa118811c2fac56af4f34b29dd55b0bdb1ab"
"""The commit whose stacks users have."""

CLIENT_SIDE_APPLY = {"PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY": "false"}
"""As the plugin that the last release was tested with applied objects (release 2.0.0)."""

REPLACING = ("create", "delete", "replace", "create-replacement", "delete-replaced")


@pytest.fixture(scope="module")
def last_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files at the last release."""
    archive = tmp_path_factory.mktemp("release") / "project.tar"
    done = subprocess.run(
        ["git", "archive", "--output", str(archive), LAST_RELEASE], cwd=PROJECT, capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"the history does not reach to the last release ({done.stderr.strip()}): git fetch --unshallow")
    folder = archive.parent / "project"
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    return folder


def updated(stack: Stack, folder: Path) -> Stack:
    """The same stack with the same settings, seen from a checkout of this program."""
    copy_project(folder)
    (folder / stack.file.name).write_text(stack.file.read_text())  # with the salt of its secrets
    return Stack(folder, stack.name, stack.config, stack.backend)


def planned(stack: Stack) -> list[tuple[str, str]]:
    """What an update would do besides changing in place: operation and URN of each resource."""
    steps = json.loads(stack.pulumi("preview", "--json", "--stack", stack.name).ok().text)["steps"]
    return [(step["op"], step["urn"]) for step in steps if step["op"] in REPLACING]


def identities(list_objects: Callable[[], list[Any]]) -> dict[str, str]:
    return {item.metadata.name: item.metadata.uid for item in list_objects()}


def test_on_a_docker_engine(
    new_stack: NewStack, last_release: Path, tmp_path: Path, engine: docker.DockerClient
) -> None:
    stack = new_stack(folder=last_release)
    stack.up().ok()

    def containers() -> dict[str, str]:
        running = engine.containers.list(filters=stack.mine)
        return {str(container.name): f"{container.id} {container.attrs['State']['StartedAt']}" for container in running}

    before, volumes = containers(), stack.outputs()["volumes"]
    newer = updated(stack, tmp_path / "newer")
    assert planned(newer) == []
    with Load(stack.outputs()["url"]) as load:
        newer.up().ok()
    assert containers() == before, "the same containers, started once"
    assert newer.outputs()["volumes"] == volumes
    assert load.report.failed == 0, load.report


def test_on_kubernetes_also_from_client_side_to_server_side_apply(
    new_cluster_stack: NewClusterStack, last_release: Path, tmp_path: Path, cluster: Cluster
) -> None:
    # Its default for dnsSeconds, 30, would be waiting only.
    stack = new_cluster_stack(folder=last_release, edge=OPEN, kubernetes={"dnsSeconds": 2})
    stack.env.update(CLIENT_SIDE_APPLY)
    stack.up().ok()
    stack.env.clear()

    def objects() -> dict[str, dict[str, str]]:
        core = cluster.core
        return {
            "pods": identities(lambda: core.list_namespaced_pod(stack.namespace).items),
            "claims": identities(lambda: core.list_namespaced_persistent_volume_claim(stack.namespace).items),
            "services": identities(lambda: core.list_namespaced_service(stack.namespace).items),
        }

    before = objects()
    del stack.config["kubernetes"]["dnsSeconds"]
    newer = updated(stack, tmp_path / "newer")
    assert planned(newer) == []
    with Load(stack.outputs()["url"]) as load:
        newer.up().ok()
    assert objects() == before, "the same pods, claims and services"
    assert load.report.failed == 0, load.report
    newer.up("--expect-no-changes").ok()
