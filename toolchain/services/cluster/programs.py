"""The programs that the cluster is made of: built from Go modules, and taken from Debian's packages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from toolchain import gobuild, suites, versions
from toolchain.cluster_context import is_named
from toolchain.command import output_of
from toolchain.debian import Debian
from toolchain.gobuild import GoRecipe
from toolchain.machine import Machine
from toolchain.progress import Progress

_VERSION = "k8s.io/component-base/version"
_STAMPS = (
    (f"{_VERSION}.gitMajor", versions.KUBERNETES.split(".")[0]),
    (f"{_VERSION}.gitMinor", versions.KUBERNETES.split(".")[1]),
    (f"{_VERSION}.gitTreeState", "clean"),
)

KUBE = GoRecipe(
    module="kube",
    package=".",
    program="kube",
    version=f"v{versions.KUBERNETES}",
    version_variable=f"{_VERSION}.gitVersion",
    stamps=_STAMPS,
    aliases=(
        "kubectl",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "api-for-pods",
        "local-provisioner",
        "network-policies",
        "stop-pods",
    ),
)
KUBECTL = GoRecipe(
    module="kube",
    package="k8s.io/kubernetes/cmd/kubectl",
    program="kubectl",
    version=f"v{versions.KUBERNETES}",
    version_variable=f"{_VERSION}.gitVersion",
    stamps=_STAMPS,
)
"""For a machine without kubectl whose user names a cluster: nothing else of Kubernetes is needed there."""

COREDNS = GoRecipe(module="kube", package="./dns", program="coredns", version=f"v{versions.COREDNS}")
ETCD = GoRecipe(module="etcd", package="go.etcd.io/etcd/server/v3", program="etcd", version=versions.ETCD)
PAUSE = GoRecipe(module="pause", package=".", program="pause", version="1.0")

RECIPES = (KUBE, COREDNS, ETCD, PAUSE)
INSTALLED = ("iptables", "iproute2", "libseccomp2", "openssl", "ca-certificates")


@dataclass(frozen=True)
class Programs:
    """The programs, and the folder of the network plugins. Beside `kube` is each of its aliases."""

    kube: Path
    coredns: Path
    etcd: Path
    pause: Path
    containerd: Path
    runc: Path
    network_plugins: Path


def have(machine: Machine, progress: Progress) -> Programs:
    """Build or download every program that is missing.

    Args:
        machine: this machine and checkout.
        progress: shows each build.

    Raises:
        Problem: a program is not available.
    """
    debian = Debian(machine.layout, machine.environment)
    debian.install(INSTALLED, "a Kubernetes node")
    oldest = suites.at_least(versions.CONTAINERD_PACKAGE)
    containerd = replace(debian, suite=suites.newer()).unpack("containerd", oldest)
    runc, plugins = (debian.unpack(name) for name in ("runc", "containernetworking-plugins"))
    paths = []
    for recipe in RECIPES:
        with progress.step(f"building {recipe.program} {recipe.version}"):
            built = gobuild.build(recipe, machine.go, machine.layout, machine.environment)
        paths.append(built.folder / recipe.program)
    kube, coredns, etcd, pause = paths
    return Programs(
        kube=kube,
        coredns=coredns,
        etcd=etcd,
        pause=pause,
        containerd=containerd.program("containerd"),
        runc=runc.program("runc"),
        network_plugins=plugins.root / "usr/lib/cni",
    )


def kubectl(machine: Machine) -> Path | None:
    """Our kubectl, for a machine that has the cluster and no kubectl, or one too old for it.

    With a cluster of the user's, whatever version that has, the user's own kubectl is good enough.
    """
    installed = machine.which("kubectl")
    if is_named(machine.environment):
        fits, recipe = bool(installed), KUBECTL
    else:
        version = output_of([installed, "version", "--client"], environment=machine.environment) if installed else ""
        fits, recipe = versions.fits(version, versions.KUBECTL_OLDEST), KUBE
    if fits:
        return None
    built = gobuild.artefact(recipe, machine.found_go, machine.layout) if machine.found_go else None
    return built.folder / "kubectl" if built and built.exists() else None
