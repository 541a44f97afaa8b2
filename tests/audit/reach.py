"""Who may connect to whom under the rendered network policies, by Cyclonus' model of what a network plugin enforces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.audit.ask import answer
from tests.audit.manifests import Manifest

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that the API server gives every namespace."""


@dataclass(frozen=True)
class Destination:
    """Something with an address: a pod, or, without a namespace, whatever is outside of the cluster."""

    name: str
    ip: str
    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    def asked(self) -> dict[str, Any]:
        names = {NAMESPACE_NAME: self.namespace} if self.namespace else {}
        return {"namespace": self.namespace, "namespaceLabels": names, "podLabels": self.labels, "ip": self.ip}


@dataclass(frozen=True)
class Port:
    """A port of a protocol, and the name that the pod has for it."""

    number: int
    protocol: str = "TCP"
    name: str = ""

    def __str__(self) -> str:
        return f"{self.number}/{self.protocol}"


PART = "app.kubernetes.io/component"
ADDRESSES = {"application": "10.244.0.10", "edge": "10.244.0.15"}


def pod_of(manifests: Iterable[Manifest], part: str = "application") -> Destination:
    """A pod of the application, or of its edge."""
    workload = _workload(manifests, part)
    labels = workload["spec"]["template"]["metadata"]["labels"]
    return Destination(f"the {part}", ADDRESSES[part], workload["metadata"]["namespace"], labels)


def ports_of(manifests: Iterable[Manifest], part: str = "application") -> dict[str, Port]:
    """The ports on which it listens, by their names."""
    [container] = _workload(manifests, part)["spec"]["template"]["spec"]["containers"]
    return {port["name"]: Port(port["containerPort"], port["protocol"], port["name"]) for port in container["ports"]}


def port_of(manifests: Iterable[Manifest]) -> Port:
    """The port on which the application listens."""
    return ports_of(manifests)["http"]


def _workload(manifests: Iterable[Manifest], part: str) -> dict[str, Any]:
    [workload] = [
        manifest.document
        for manifest in manifests
        if manifest.kind == "Deployment" and manifest.document["metadata"]["labels"][PART] == part
    ]
    return workload


def connections(
    manifests: Iterable[Manifest], sources: Iterable[Destination], targets: Iterable[Destination], ports: Iterable[Port]
) -> set[str]:
    """Every connection that the policies let through, such as `edge -> the application 8080/TCP`."""
    policies = [manifest.document for manifest in manifests if manifest.kind == "NetworkPolicy"]
    tried = [
        (source, target, port)
        for port in list(ports)
        for target in list(targets)
        for source in list(sources)
        if source.name != target.name
    ]
    questions = [
        {
            "from": source.asked(),
            "to": target.asked(),
            "port": port.number,
            "portName": port.name,
            "protocol": port.protocol,
        }
        for source, target, port in tried
    ]
    answers = answer(["may-reach"], stdin={"policies": policies, "questions": questions})
    allowed = (one for one, may in zip(tried, answers, strict=True) if may)
    return {f"{source.name} -> {target.name} {port}" for source, target, port in allowed}
