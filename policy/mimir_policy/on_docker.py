"""The Docker provider's containers."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from mimir_policy.resource import CONTAINER, DOCKER, Resource
from mimir_policy.rule import Said
from mimir_policy.values import UNKNOWN, Hidden, dig, is_known, items, mapping, show
from mimir_policy.view import Container, Exposure, Text

IMAGE = "docker-build:index:Image"
TLS_PORTS = (443, 8443)
"""Ports inside of a container that speak TLS. An engine cannot say it in another way."""

PLAIN_PORT = 80
"""The port that browsers try first; beside an encrypted one it redirects them."""

NAMESPACES = ("networkMode", "pidMode", "ipcMode", "usernsMode", "cgroupnsMode")


def containers(resource: Resource) -> Iterator[Container]:
    """The container that a resource is."""
    if resource.type != CONTAINER:
        return
    properties = resource.properties
    options = [str(option) for option in items(properties.get("securityOpts"))]
    yield Container(
        image=_said(properties, "image"),
        non_root=Said(_non_root(properties.get("user")), "user", properties.get("user")),
        read_only_root=_said(properties, "readOnly"),
        privileged=_said(properties, "privileged"),
        escalation=Said(_escalates(properties, options), "securityOpts"),
        dropped=Said(dig(properties, "capabilities", "drops"), "capabilities.drops"),
        added=Said(dig(properties, "capabilities", "adds"), "capabilities.adds"),
        seccomp=Said(_seccomp(options), "securityOpts"),
        resources=(Said(properties.get("memory") or None, "memory"), Said(_cpus(properties), "cpuQuota")),
        probes=tuple(_probes(properties)),
        host=tuple(_host(properties)),
    )


def texts(resource: Resource) -> Iterator[Text]:
    """Variables, labels, command lines and files of a container, and what a build leaves in its image's history."""
    properties = resource.properties
    if resource.type == IMAGE:
        for name, value in mapping(properties.get("buildArgs")).items():
            yield Text(name, Said(value, f"buildArgs.{name}"), hidden_is_safe=False)
        for name, value in mapping(properties.get("labels")).items():
            yield Text(name, Said(value, f"labels.{name}"), hidden_is_safe=False)
    elif resource.type.startswith(DOCKER):
        for label in items(properties.get("labels")):
            name = str(dig(label, "label"))
            yield Text(name, Said(dig(label, "value"), f"labels[{name}]"), hidden_is_safe=False)
        # An engine knows no secrets of a container: a variable that Pulumi encrypts is as safe as it gets there.
        for index, variable in enumerate(items(properties.get("envs"))):
            name, _, value = str(variable).partition("=")
            kept = Hidden(value) if isinstance(variable, Hidden) else value
            yield Text(name, Said(kept, f"envs[{index}] ({name})"), hidden_is_safe=True)
        for key in ("command", "entrypoints"):
            for index, word in enumerate(items(properties.get(key))):
                yield Text("", Said(word, f"{key}[{index}]"), hidden_is_safe=False)
        for index, file in enumerate(items(properties.get("uploads"))):
            yield Text("", Said(dig(file, "content"), f"uploads[{index}].content"), hidden_is_safe=True)


def exposures(resource: Resource) -> Iterator[Exposure]:
    """The ports that are published beyond the engine's own host."""
    if resource.type != CONTAINER:
        return
    for index, port in enumerate(items(resource.properties.get("ports"))):
        address = dig(port, "ip")
        if not is_known(port) or _is_loopback(address):
            continue
        encrypted, outside = dig(port, "internal") in TLS_PORTS, dig(port, "external")
        shown = f"{address or 'every address'}, port {show(outside)}"
        yield Exposure(Said(shown, f"ports[{index}]"), encrypted, redirects=outside == PLAIN_PORT)


def _said(properties: Mapping[str, Any], name: str) -> Said:
    return Said(properties.get(name), name)


def _non_root(user: Any) -> Any:
    """Only a number tells: what a name stands for is written in the image."""
    if user is None or user is UNKNOWN:
        return user
    name = str(user).partition(":")[0]
    return name.isdigit() and int(name) != 0


def _escalates(properties: Mapping[str, Any], options: list[str]) -> Any:
    if not is_known(properties.get("securityOpts")):
        return UNKNOWN
    return not {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"} & set(options)


def _seccomp(options: list[str]) -> str:
    """The engine has a profile, unless an option takes it away; the same goes for AppArmor and SELinux."""
    if any(option.endswith(("unconfined", "disable")) for option in options):
        return "Unconfined"
    return "Localhost" if any(option.startswith("seccomp") for option in options) else "RuntimeDefault"


def _cpus(properties: Mapping[str, Any]) -> Any:
    return properties.get("cpuQuota") or properties.get("cpus") or None


def _probes(properties: Mapping[str, Any]) -> Iterator[Said]:
    """An engine knows one probe. A container that need not go on running needs none."""
    if properties.get("mustRun") is False:
        return
    tests = dig(properties, "healthcheck", "tests")
    yield Said(None if items(tests)[:1] == ["NONE"] else tests, "healthcheck.tests")


def _host(properties: Mapping[str, Any]) -> Iterator[Said]:
    for name in NAMESPACES:
        mode = properties.get(name)
        if mode is not UNKNOWN and (mode == "host" or str(mode).startswith("container:")):
            yield Said(mode, name)
    if properties.get("publishAllPorts") is True:
        yield Said(True, "publishAllPorts")
    for index, mount in enumerate(items(properties.get("mounts"))):
        if dig(mount, "type") not in ("volume", "tmpfs", UNKNOWN):
            yield Said(dig(mount, "source"), f"mounts[{index}].source")
    for index, volume in enumerate(items(properties.get("volumes"))):
        if dig(volume, "hostPath") is not None:
            yield Said(dig(volume, "hostPath"), f"volumes[{index}].hostPath")
    for index, device in enumerate(items(properties.get("devices"))):
        yield Said(dig(device, "hostPath"), f"devices[{index}].hostPath")


def _is_loopback(address: Any) -> bool:
    try:
        return ipaddress.ip_address(str(address)).is_loopback
    except ValueError:
        return False
