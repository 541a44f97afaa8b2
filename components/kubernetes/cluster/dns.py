"""How long cluster DNS may not return a pod that is ready. The edge finds pods by DNS name.

Name servers cache the previous answer, and the edge resolves the name at an interval. Cache times are read from the
configuration of the name servers: they are not reachable from outside the cluster, and answers do not contain them.
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
"""ConfigMap of the Kubernetes add-on NodeLocal DNSCache, a DNS cache on each node."""

WHOLE_SECONDS = 1
"""Kubernetes stores the time when a pod became ready in whole seconds, so it may count up to one second too many
(`IsPodAvailable` in pkg/api/v1/pod/util.go, on a `metav1.Time`)."""


@dataclass(frozen=True)
class DnsDelay:
    """How long cluster DNS may not return a pod that is ready.

    Attributes:
        seconds: maximum delay in seconds, from the time when the pod becomes ready.
        warning: why the delay is a default and not calculated; None if it is known.
    """

    seconds: int
    warning: str | None = None


class _NotSeen(Exception):
    """Raised when a configuration cannot be read or is not understood, with the reason."""


def delay(settings: Settings, namespace: str, get: Get) -> DnsDelay:
    """Return the delay of the settings, or calculate it from the configuration of the name servers.

    If the configuration cannot be read or is not understood, the result is a default with a warning.

    Args:
        settings: settings of the stack.
        namespace: namespace of the deployment.
        get: reads a path of the API.

    Returns:
        The delay; 0 seconds without HAProxy.
    """
    if settings.edge.kind != "haproxy":
        return DnsDelay(0)
    if settings.kubernetes.dns_seconds is not None:
        return DnsDelay(settings.kubernetes.dns_seconds)
    # The same limit applies to a number in the settings (`components.validation.kubernetes`).
    limit_seconds = min(LONGEST_DNS_SECONDS, settings.kubernetes.rollout_seconds - longest_start(settings) - 1)
    try:
        lifetime = _lifetime(f"{namespace}.svc.{settings.kubernetes.cluster_domain}", get)
    except _NotSeen as error:
        return _guess(limit_seconds, f"how long the cluster's name servers keep an answer cannot be seen ({error})")
    seconds = lifetime + RESOLVE_SECONDS + WHOLE_SECONDS
    if seconds > limit_seconds:
        return _guess(
            limit_seconds,
            f"the cluster's name servers may keep an answer for {lifetime} s, longer than a rollout can wait, so "
            "requests may fail during one",
        )
    return DnsDelay(seconds)


def _guess(limit_seconds: int, reason: str) -> DnsDelay:
    """Return the default delay, limited to the time that a rollout has for it."""
    key, seconds = "mimir:kubernetes.dnsSeconds", min(DEFAULT_DNS_SECONDS, limit_seconds)
    return DnsDelay(seconds, f"{key}: {seconds}; {reason}. To decide it: pulumi config set --path '{key}' {seconds}")


def _lifetime(name: str, get: Get) -> int:
    """Return how long an outdated answer for a name may be served, in seconds."""
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
    """Return the Corefile of a ConfigMap; None if the ConfigMap does not exist."""
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
