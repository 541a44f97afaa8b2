"""The stacks that the end-to-end tests share, and what they need of the machine."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.support.e2e import assumptions, private_registry
from tests.support.e2e.balance import Balance
from tests.support.e2e.cluster import BUILT_DNS_SECONDS, CONTEXT, PROBE, SHARED, Cluster, ClusterStack
from tests.support.e2e.ports import free_port
from tests.support.e2e.private_registry import PrivateRegistry
from tests.support.e2e.stack import QUICK_PROBE, Stack, copy_project

EDGE = {
    "paths": ["/api/v1/answer", "/api/v1/notes", "/api/v1/slow"],
    "rateLimit": {"requestsPerClient": 10_000_000, "requestsPerKey": 10_000_000},
}
"""The sample's own paths, and room for a load from one address."""

NewStack = Callable[..., Stack]
NewClusterStack = Callable[..., ClusterStack]


def pytest_configure(config: pytest.Config) -> None:
    """Several workers share the tests so that they end at about the same time."""
    config.pluginmanager.register(Balance(config, Path(__file__).parents[1]), "balance")


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    """The Docker engine, seen from outside the program."""
    return docker.from_env()


@pytest.fixture(scope="module")
def new_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewStack]:
    """Makes stacks in folders of their own, and removes them with everything that they left."""
    made: list[Stack] = []

    def make(folder: Path | None = None, backend: Path | None = None, **config: Any) -> Stack:
        name = f"e2e-{secrets.token_hex(3)}"
        base = tmp_path_factory.mktemp(name)
        usual: dict[str, Any] = {
            "runtime": "development",
            "probe": QUICK_PROBE,
            "environment": {"port": free_port()},
        }
        edge = {**EDGE, **config.pop("edge", {})}
        stack = Stack(
            folder=folder or copy_project(base / "project"),
            name=name,
            config={**usual, **config, "edge": edge},
            backend=backend or base / "state",
        )
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.remove()


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRegistry]:
    """A registry that wants a login."""
    with private_registry.serve(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The test cluster, seen from outside the program."""
    found = Cluster()
    assumptions.need_local_registry(found)
    return found


@pytest.fixture(scope="session")
def shared_volumes(cluster: Cluster) -> None:
    """For tests whose stacks have several pods, or keep the old one while a new one starts."""
    assumptions.need_shared_volumes(cluster)


@pytest.fixture(scope="module")
def new_cluster_stack(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[NewClusterStack]:
    """Makes stacks for the test cluster in folders of their own, and removes them with everything that they left."""
    made: list[ClusterStack] = []
    volumes = SHARED if assumptions.offers_shared_volumes(cluster) else {}

    def make(folder: Path | None = None, **config: Any) -> ClusterStack:
        """A stack without an edge, unless `config` says one.

        `kubernetes.rolloutSeconds` is for the cluster that the toolchain makes; with slower DNS it becomes more.
        """
        name = f"e2e-{secrets.token_hex(3)}"
        base = tmp_path_factory.mktemp(name)
        usual: dict[str, Any] = {
            "platform": "kubernetes",
            "runtime": "development",
            "kubernetes": {"context": CONTEXT, "serviceType": "NodePort", "rolloutSeconds": 60},
            "volumes": volumes,
            "probe": PROBE,
            "edge": {"kind": "none"},
        }
        kubernetes = {**usual["kubernetes"], **config.get("kubernetes", {})}
        if "edge" in config:
            kubernetes["rolloutSeconds"] += max(0, cluster.dns_seconds - BUILT_DNS_SECONDS)
        merged = {**usual, **config, "kubernetes": kubernetes}
        stack = ClusterStack(folder or copy_project(base / "project"), name, merged, base / "state")
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.remove()
