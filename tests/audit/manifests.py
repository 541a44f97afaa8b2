"""What the program would send to a cluster, as manifests that tools of others can read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.support import property_wire
from tests.support.monitor import SUFFIX, Resource
from tests.support.program import Run

TYPE = "kubernetes:"
"""How the type tokens of the kubernetes plugin begin."""


@dataclass(frozen=True)
class Manifest:
    """One object of a cluster.

    Attributes:
        document: the whole object, as `kubectl apply` takes it.
    """

    document: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def name(self) -> str:
        return str(self.document["metadata"]["name"])

    @property
    def title(self) -> str:
        """What people and `kubectl` call it."""
        return f"{self.kind}/{self.name}"


def of_run(run: Run) -> list[Manifest]:
    """The manifests of everything that a run asks a cluster for."""
    return [_manifest(resource) for resource in run.resources if resource.options.type.startswith(TYPE)]


def _manifest(resource: Resource) -> Manifest:
    document = _plain(resource.inputs)
    document["metadata"] = {"name": f"{resource.name}-{SUFFIX}", **document["metadata"]}
    return Manifest(document)


def _plain(value: Any) -> Any:
    """`value` as a cluster gets it: secrets in the clear, and whole numbers, which travel as floats, whole again."""
    match value:
        case property_wire.Secret():
            return _plain(value.value)
        case property_wire.Unknown():
            raise ValueError("the mocks left a value unknown")
        case dict():
            return {key: _plain(one) for key, one in sorted(value.items())}
        case list():
            return [_plain(one) for one in value]
        case float() if value.is_integer():
            return int(value)
    return value


def references(manifests: Iterable[Manifest]) -> Iterator[tuple[str, str]]:
    """Every object that a pod needs by its name, as (whose pod, the object)."""
    for manifest in manifests:
        pod = manifest.document.get("spec", {}).get("template", {}).get("spec", {})
        for found in _references(pod):
            yield manifest.title, found


def _references(pod: dict[str, Any]) -> Iterator[str]:
    if account := pod.get("serviceAccountName"):
        yield f"ServiceAccount/{account}"
    for secret in pod.get("imagePullSecrets", []):
        yield f"Secret/{secret['name']}"
    for volume in pod.get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            if "configMap" in source:
                yield f"ConfigMap/{source['configMap']['name']}"
            if "secret" in source:
                yield f"Secret/{source['secret']['name']}"
        if "persistentVolumeClaim" in volume:
            yield f"PersistentVolumeClaim/{volume['persistentVolumeClaim']['claimName']}"
    for container in pod.get("containers", []):
        for variable in container.get("env", []):
            if source := variable.get("valueFrom", {}).get("secretKeyRef"):
                yield f"Secret/{source['name']}"
