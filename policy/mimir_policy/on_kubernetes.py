"""Reads Kubernetes pods, also in the pod templates of workloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mimir_policy.quantity import amount
from mimir_policy.resource import KUBERNETES, Resource
from mimir_policy.rule import PropertyValue
from mimir_policy.values import UNKNOWN, dig, items, mapping
from mimir_policy.view import Container

TEMPLATE = ("spec", "template", "spec")
PODS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    "CronJob": ("spec", "jobTemplate", *TEMPLATE),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), TEMPLATE),
}
"""Where the pod is, in each kind of Kubernetes' own groups that makes pods."""

ENDING = ("Job", "CronJob")
"""Kinds whose pods run to completion."""

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
VOLUMES = ("configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret")
"""The volume types of the profile `restricted`, without those that drivers and new claims bring (csi, ephemeral)."""


@dataclass(frozen=True)
class Pod:
    """A pod's specification, its path in the resource, whether it keeps running, and its labels."""

    spec: Mapping[str, Any]
    path: str
    runs_on: bool
    labels: Mapping[str, Any]


def pod_of(resource: Resource) -> Pod | None:
    """The pod, or pod template, of a resource; None for other kinds, and for those that extensions add."""
    path = PODS.get(resource.kind)
    if not resource.type.startswith(KUBERNETES) or path is None:
        return None
    spec = mapping(dig(resource.properties, *path))
    runs_on = resource.kind not in ENDING and spec.get("restartPolicy") in (None, "Always")
    labels = mapping(dig(resource.properties, *path[:-1], "metadata", "labels"))
    return Pod(spec, ".".join(path), runs_on, labels)


def containers(resource: Resource) -> Iterator[Container]:
    """The containers and init containers of a resource's pod or pod template."""
    pod = pod_of(resource)
    if not pod:
        return
    for key in ("containers", "initContainers"):
        for index, container in enumerate(items(pod.spec.get(key))):
            serves = pod.runs_on and (key == "containers" or dig(container, "restartPolicy") == "Always")
            yield _container(pod, container, f"{pod.path}.{key}[{index}]", serves)


def _container(pod: Pod, container: Any, at: str, serves: bool) -> Container:
    own, of_pod, security = dig(container, "securityContext"), pod.spec.get("securityContext"), f"{at}.securityContext"

    def property_value(*path: str) -> PropertyValue:
        return PropertyValue(dig(own, *path), ".".join((security, *path)))

    def inherited(*path: str) -> PropertyValue:
        value = dig(own, *path)
        return PropertyValue(dig(of_pod, *path) if value is None else value, ".".join((security, *path)))

    user = inherited("runAsUser")
    quantities = [(kind, resource) for kind in ("requests", "limits") for resource in ("cpu", "memory")]
    return Container(
        image=PropertyValue(dig(container, "image"), f"{at}.image"),
        non_root=PropertyValue(False, user.property, user.value) if _is_root(user.value) else inherited("runAsNonRoot"),
        read_only_root=property_value("readOnlyRootFilesystem"),
        privileged=property_value("privileged"),
        escalation=property_value("allowPrivilegeEscalation"),
        dropped=property_value("capabilities", "drop"),
        added=property_value("capabilities", "add"),
        seccomp=inherited("seccompProfile", "type"),
        resources=tuple(
            PropertyValue(dig(container, "resources", kind, resource), f"{at}.resources.{kind}.{resource}")
            for kind, resource in quantities
        ),
        probes=tuple(PropertyValue(dig(container, probe), f"{at}.{probe}") for probe in PROBES) if serves else (),
    )


def _is_root(user: Any) -> bool:
    """Whether a user is root, or no number at all."""
    return user is not None and user is not UNKNOWN and not amount(user)


def host(resource: Resource) -> Iterator[PropertyValue]:
    """What a pod, and each of its containers, uses of the node that it is on."""
    pod = pod_of(resource)
    if not pod:
        return
    yield from _host(pod)
    for key in ("containers", "initContainers"):
        for index, container in enumerate(items(pod.spec.get(key))):
            yield from _host_of_container(container, f"{pod.path}.{key}[{index}]")


def _host(pod: Pod) -> Iterator[PropertyValue]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(name) not in (None, False, UNKNOWN):
            yield PropertyValue(pod.spec[name], f"{pod.path}.{name}")
    for index, volume in enumerate(items(pod.spec.get("volumes"))):
        for kind in mapping(volume):
            if kind not in ("name", *VOLUMES) and dig(volume, kind) is not None:
                shown_value = dig(volume, kind, "path") if kind == "hostPath" else kind
                yield PropertyValue(shown_value, f"{pod.path}.volumes[{index}].{kind}")


def _host_of_container(container: Any, at: str) -> Iterator[PropertyValue]:
    for index, port in enumerate(items(dig(container, "ports"))):
        if dig(port, "hostPort") not in (None, 0, UNKNOWN):
            yield PropertyValue(dig(port, "hostPort"), f"{at}.ports[{index}].hostPort")
    for index, device in enumerate(items(dig(container, "volumeDevices"))):
        yield PropertyValue(dig(device, "devicePath"), f"{at}.volumeDevices[{index}]")
