"""Stacks of the bench on the test cluster, each in a namespace of its own."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Any

from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from benchmarks.builder import Unavailable
from benchmarks.lab import REPOSITORY, Lab
from tests.support.e2e.cluster import CONTEXT, PROBE, SHARED, Cluster, ClusterStack
from tests.support.e2e.stack import copy_project

QUICK_END = {"preStopSeconds": 1, "drainSeconds": 30, "graceSeconds": 36}
"""A pod waits one second before it is told to end; what measures requests has the default, five."""


class BenchStack(ClusterStack):
    """A stack whose namespace has its own name."""

    @property
    def namespace(self) -> str:
        return self.name

    @property
    def deployment(self) -> str:
        """Name of the application's objects in the cluster."""
        return f"mimir-{self.name}"


def cluster() -> Cluster:
    """The test cluster.

    Raises:
        Unavailable: it does not run, or what it is compared with is not there.
    """
    try:
        found = Cluster()
        found.core.read_namespace("kube-system", _request_timeout=10)
    except (ConfigException, HTTPError, OSError) as error:
        raise Unavailable(f"no test cluster ({str(error).splitlines()[0]}): make cluster") from error
    return found


def make(lab: Lab, purpose: str, program: Path | None = None, **config: Any) -> BenchStack:
    """A stack of two pods, in a fresh copy of the project; `program` takes the place of its own program."""
    cluster()
    name = f"bench-{purpose}-{secrets.token_hex(2)}"
    kubernetes = {"context": CONTEXT, "namespace": name, "replicas": 2, "rolloutSeconds": 120}
    usual: dict[str, Any] = {
        "platform": "kubernetes",
        "kubernetes": kubernetes,
        "volumes": {**SHARED, "protected": []},
        "probe": PROBE,
        "shutdown": QUICK_END,
        "registry": {"repository": REPOSITORY},
        "edge": {"kind": "none"},  # what it is compared with has none
    }
    merged = {**usual, **config, "kubernetes": {**kubernetes, **config.get("kubernetes", {})}}
    base = lab.folder / name
    folder = copy_project(base / "project")
    if program:
        shutil.copy2(program, folder / "__main__.py")
    stack = BenchStack(folder, name, merged, base / "state")
    lab.cleanup.callback(stack.remove)
    return stack
