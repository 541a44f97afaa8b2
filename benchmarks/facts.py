"""What the machine was that the numbers come from."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import docker

from benchmarks import compose
from tests.support.e2e.cluster import CONTEXT
from toolchain import versions
from toolchain.command import output_of

KUBELET = "jsonpath={.items[0].status.nodeInfo.kubeletVersion}"


def facts() -> dict[str, str]:
    """Cores, memory and versions; nothing that changes from run to run."""
    pages, page = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    found = {
        "cores": str(os.cpu_count()),
        "memory": f"{pages * page / 2**30:.0f} GiB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "Pulumi": output_of(["pulumi", "version"]),
        "Python": platform.python_version(),
        "Docker engine": str(docker.from_env().version()["Version"]),
        "BuildKit (cold builds)": versions.BUILDKIT,
        "buildx": _number(["docker-buildx", "version"]),
        "compose": _number([*compose.command(), "version"]),
        "Kubernetes": _number(["kubectl", "--context", CONTEXT, "get", "nodes", f"--output={KUBELET}"]),
        "helm": _number(["helm", "version", "--short"]),
    }
    return {name: value for name, value in found.items() if value}  # not every part needs every program


def _number(argv: Sequence[str]) -> str:
    return ".".join(map(str, versions.parse(output_of(argv))))


def _distribution() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    names = dict(line.split("=", 1) for line in lines if "=" in line)
    return names.get("PRETTY_NAME", "Linux").strip('"')
