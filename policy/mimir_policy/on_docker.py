"""Reads containers of the Docker provider."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mimir_policy.quantity import amount
from mimir_policy.resource import CONTAINER, Resource
from mimir_policy.rule import PropertyValue
from mimir_policy.values import UNKNOWN, dig, is_known, items, mapping, show
from mimir_policy.view import Container, Exposure

TLS_PORTS = (443, 8443)
"""Container ports that speak TLS. An engine has no other way to declare it."""

PLAIN_PORT = 80
"""The port that browsers try first; beside an encrypted port it redirects them."""

NAMESPACES = {
    "pidMode": ("",),
    "ipcMode": ("", "none", "private", "shareable"),
    "usernsMode": ("",),
    "cgroupnsMode": ("", "private"),
}
"""Namespaces that a container may share, and the modes in which it has one of its own."""

NO_NEW_PRIVILEGES = ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true")
OWN_PROFILES = ("apparmor=docker-default", "apparmor:docker-default", "seccomp=builtin", "seccomp:builtin")
"""Security options that name what the engine does anyway."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*")
"""Names of volumes and networks (moby, daemon/names)."""

HEXADECIMAL = frozenset("0123456789abcdef")
DEFAULT_PERIOD = 100_000
"""Microseconds of an engine's scheduling period where a container names none."""


def containers(resource: Resource) -> Iterator[Container]:
    """The container that a resource is."""
    if resource.type != CONTAINER:
        return
    properties = resource.properties
    options = [str(option) for option in items(properties.get("securityOpts"))]
    yield Container(
        image=_property(properties, "image"),
        non_root=PropertyValue(_non_root(properties.get("user")), "user", properties.get("user")),
        read_only_root=_property(properties, "readOnly"),
        privileged=_property(properties, "privileged"),
        escalation=PropertyValue(_escalates(properties, options), "securityOpts"),
        dropped=PropertyValue(dig(properties, "capabilities", "drops"), "capabilities.drops"),
        added=PropertyValue(dig(properties, "capabilities", "adds"), "capabilities.adds"),
        seccomp=PropertyValue(_seccomp(options), "securityOpts"),
        resources=(*_memory(properties), _cpus(properties)),
        probes=tuple(_probes(properties)),
    )


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
        yield Exposure(PropertyValue(shown, f"ports[{index}]"), encrypted, redirects=outside == PLAIN_PORT)


def _property(properties: Mapping[str, Any], name: str) -> PropertyValue:
    return PropertyValue(properties.get(name), name)


def _non_root(user: Any) -> Any:
    """Only a numeric user can be checked: a name is resolved inside the image."""
    if user is None or user is UNKNOWN:
        return user
    name = str(user).partition(":")[0]
    return name.isdigit() and int(name) != 0


def _escalates(properties: Mapping[str, Any], options: list[str]) -> Any:
    """Whether processes may gain rights: an engine takes the last of several options, so that each must say no."""
    if not is_known(properties.get("securityOpts")):
        return UNKNOWN
    about = [option for option in options if option.startswith("no-new-privileges")]
    return not about or not set(about) <= set(NO_NEW_PRIVILEGES)


def _seccomp(options: list[str]) -> str:
    """The engine has profiles of seccomp, AppArmor and SELinux, unless an option replaces them or takes them away."""
    others = [option for option in options if not option.startswith("no-new-privileges")]
    return next((option for option in others if option not in OWN_PROFILES), "RuntimeDefault")


def _cpus(properties: Mapping[str, Any]) -> PropertyValue:
    """The CPU limit, in CPUs. `cpuQuota` takes precedence over `cpus`."""
    quota, period = properties.get("cpuQuota"), properties.get("cpuPeriod")
    if UNKNOWN in (quota, period):
        return PropertyValue(UNKNOWN, "cpuQuota")
    if quota is None and properties.get("cpus") is not None:
        return PropertyValue(properties["cpus"], "cpus")
    share = amount(quota)
    return PropertyValue(share if share is None else share / (amount(period) or DEFAULT_PERIOD), "cpuQuota", quota)


def _memory(properties: Mapping[str, Any]) -> Iterator[PropertyValue]:
    """MiB, and where it is set those of memory and swap together: below zero they are unlimited."""
    for name in ("memory", "memorySwap"):
        if name == "memory" or properties.get(name) is not None:
            yield PropertyValue(properties.get(name), name)


def _probes(properties: Mapping[str, Any]) -> Iterator[PropertyValue]:
    """The health check. A container that does not have to keep running needs none."""
    if properties.get("mustRun") is False:
        return
    tests = dig(properties, "healthcheck", "tests")
    yield PropertyValue(None if items(tests)[:1] == ["NONE"] else tests, "healthcheck.tests")


def host(resource: Resource) -> Iterator[PropertyValue]:
    """What a container uses of the host of its engine."""
    if resource.type != CONTAINER:
        return
    properties = resource.properties
    for name, private in NAMESPACES.items():
        mode = properties.get(name)
        if mode is not None and mode is not UNKNOWN and mode not in private:
            yield PropertyValue(mode, name)
    yield from _networks(properties)
    if properties.get("publishAllPorts") not in (None, False, UNKNOWN):
        yield PropertyValue(properties["publishAllPorts"], "publishAllPorts")
    for index, mount in enumerate(items(properties.get("mounts"))):
        kind, source = dig(mount, "type"), dig(mount, "source")
        if kind not in ("volume", "tmpfs", UNKNOWN) or not _is_name(source):
            yield PropertyValue(source, f"mounts[{index}].source")
    for index, volume in enumerate(items(properties.get("volumes"))):
        for name, value in mapping(volume).items():
            is_plain = _is_name(value) if name == "volumeName" else name in ("containerPath", "readOnly")
            if value not in (None, "") and not is_plain:
                yield PropertyValue(value, f"volumes[{index}].{name}")


def _networks(properties: Mapping[str, Any]) -> Iterator[PropertyValue]:
    """Networks by their name; an engine takes the beginning of an id as well, and the host's network has one."""
    networks = [(properties.get("networkMode"), "networkMode")]
    for index, network in enumerate(items(properties.get("networksAdvanced"))):
        networks.append((dig(network, "name"), f"networksAdvanced[{index}].name"))
    for network, shown in networks:
        if network not in (None, "", UNKNOWN) and (
            network == "host" or not _is_name(network) or set(str(network)) <= HEXADECIMAL
        ):
            yield PropertyValue(network, shown)


def _is_name(value: Any) -> bool:
    """Whether it is the name of a volume or a network, and not a path, an option or a container's network."""
    return value is None or value is UNKNOWN or (isinstance(value, str) and NAME.fullmatch(value) is not None)


def _is_loopback(address: Any) -> bool:
    try:
        return ipaddress.ip_address(str(address)).is_loopback
    except ValueError:
        return False
