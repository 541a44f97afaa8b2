"""How long the cluster's DNS may hide a pod that is ready from the edge, which finds pods by name.

An old answer lives in the caches of the name servers, and then until the edge asks again. How long they keep it is read
from their configuration: they cannot be reached from outside of the cluster, and an answer does not tell it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from components.edge.haproxy.backend import RESOLVE_SECONDS
from components.kubernetes.cluster import dns_cache
from components.kubernetes.cluster.api_server import Get
from components.kubernetes.cluster.dns_cache import Lifetime
from components.settings import Settings
from components.settings.kubernetes import DEFAULT_DNS_SECONDS, LONGEST_DNS_SECONDS
from components.validation.kubernetes import longest_start

CONFIG_MAPS = "/api/v1/namespaces/kube-system/configmaps"
COREDNS = f"{CONFIG_MAPS}/coredns"
NODE_LOCAL = f"{CONFIG_MAPS}/node-local-dns"
"""A cache on each node in front of the cluster's name servers: Kubernetes' add-on NodeLocal DNSCache."""

WHOLE_SECONDS = 1
"""Kubernetes keeps whole seconds of the time at which a pod became ready, and so counts it up to one too early
(`IsPodAvailable` in pkg/api/v1/pod/util.go, on a `metav1.Time`)."""


@dataclass(frozen=True)
class DnsDelay:
    """How long the cluster's DNS may hide a pod.

    Attributes:
        seconds: at most, from the time at which the pod is ready.
        warning: why this is not known, where it is not.
    """

    seconds: int
    warning: str | None = None


class _NotSeen(Exception):
    """Raised when a configuration cannot be read or is not understood, with the reason."""


def delay(settings: Settings, namespace: str, get: Get) -> DnsDelay:
    """What the settings say, or else what follows from the configuration of the cluster's name servers.

    A configuration that cannot be read is no error, and costs a warning.

    Args:
        settings: the stack's.
        namespace: the deployment's.
        get: asks the cluster's API.
    """
    if settings.edge.kind != "haproxy":
        return DnsDelay(0)
    if settings.kubernetes.dns_seconds is not None:
        return DnsDelay(settings.kubernetes.dns_seconds)
    # `rules.rollout` asks for the same room where the settings have a number.
    room = min(LONGEST_DNS_SECONDS, settings.kubernetes.rollout_seconds - longest_start(settings) - 1)
    try:
        lifetime = _lifetime(f"{namespace}.svc.{settings.kubernetes.cluster_domain}", get)
    except _NotSeen as error:
        return _guess(room, f"how long the cluster's name servers keep an answer cannot be seen ({error})")
    seconds = lifetime + RESOLVE_SECONDS + WHOLE_SECONDS
    if seconds > room:
        return _guess(
            room,
            f"the cluster's name servers may keep an answer for {lifetime} s, longer than a rollout can wait, so "
            "requests may fail during one",
        )
    return DnsDelay(seconds)


def _guess(room: int, reason: str) -> DnsDelay:
    """The default, or as much of it as there is room for in a rollout."""
    key, seconds = "mimir:kubernetes.dnsSeconds", min(DEFAULT_DNS_SECONDS, room)
    return DnsDelay(seconds, f"{key}: {seconds}; {reason}. To decide it: pulumi config set --path '{key}' {seconds}")


def _lifetime(name: str, get: Get) -> int:
    """How long an answer for a name may be given after it has ceased to be true, in seconds."""
    corefile = _corefile(COREDNS, get)
    if corefile is None:
        raise _NotSeen(f"no {_title(COREDNS)}")
    cluster = _understood(COREDNS, lambda: dns_cache.of_cluster(corefile, name))
    forwarder = _corefile(NODE_LOCAL, get)
    if forwarder is None:
        return cluster.seconds
    node = _understood(NODE_LOCAL, lambda: dns_cache.of_forwarder(forwarder, name, cluster.ttl))
    return cluster.seconds + node.seconds


def _corefile(path: str, get: Get) -> str | None:
    """The Corefile in a ConfigMap, or None where there is no such ConfigMap."""
    try:
        return str(get(path)["data"]["Corefile"])
    except ApiException as error:
        if error.status == 404:
            return None
        raise _NotSeen(f"{_title(path)}: {error.status} {error.reason}") from error
    except (HTTPError, OSError) as error:
        raise _NotSeen(f"{_title(path)}: {type(error).__name__}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise _NotSeen(f"{_title(path)} has no Corefile") from error


def _understood(path: str, read: Callable[[], Lifetime]) -> Lifetime:
    try:
        return read()
    except ValueError as error:
        raise _NotSeen(f"{_title(path)}: {error}") from error


def _title(path: str) -> str:
    return f"ConfigMap kube-system/{path.rpartition('/')[2]}"
