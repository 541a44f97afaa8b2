"""Rules for settings on a cluster, and for settings of the other platform."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from components.application.probes import Probe
from components.edge.public_routes import CONTROLLERS
from components.problems import Problem, remove, without_effect
from components.settings import Settings
from components.settings.kubernetes import LONGEST_ROLLOUT_SECONDS
from components.settings.non_default import changed

SINGLE_WRITER_MODES = ("ReadWriteOnce", "ReadWriteOncePod")

ELSEWHERE: dict[str, tuple[str, ...]] = {
    "docker": (
        "kubernetes",
        "autoscaling",
        "network.ingress",
        "network.monitoring",
        "network.dnsNamespace",
        "network.dnsLabels",
        "volumes.data",
        "volumes.logs",
        "volumes.plugins",
        "shutdown.preStopSeconds",
        "edge.gateway",
        "edge.ingressClass",
    ),
    "kubernetes": ("docker", "limits.pids", "logging.maxSizeMib", "logging.maxFiles"),
}
"""The settings that each platform does not support. A changed one is an error, so that none is ignored silently."""


def foreign_settings(settings: Settings) -> Iterator[Problem]:
    """Settings that only the other platform supports keep their defaults."""
    for path in ELSEWHERE[settings.platform]:
        for key in changed(settings, path):
            yield without_effect(f"mimir:{key}", f"on `platform: {settings.platform}`")


def context(settings: Settings) -> Iterator[Problem]:
    """The context is always set explicitly: the current context of a shell may be an accident."""
    if settings.platform == "kubernetes" and settings.kubernetes.context is None:
        yield Problem(
            "mimir:kubernetes.context",
            "nothing",
            "the context of the cluster to deploy to; the current one is never taken",
            "pulumi config set --path 'mimir:kubernetes.context' mimir-test   # `make cluster` makes that one; "
            "others: kubectl config get-contexts",
        )


def namespace(settings: Settings) -> Iterator[Problem]:
    """An existing namespace is set by its name."""
    kubernetes = settings.kubernetes
    if settings.platform == "kubernetes" and not kubernetes.create_namespace and kubernetes.namespace is None:
        yield Problem(
            "mimir:kubernetes.namespace",
            "nothing, with `kubernetes.createNamespace` false",
            "the name of the existing namespace",
            "pulumi config set --path 'mimir:kubernetes.namespace' team   # kubectl get namespaces",
        )


def node_ports(settings: Settings) -> Iterator[Problem]:
    """A node port needs a Service of type NodePort or LoadBalancer, and belongs to one of its ports."""
    kubernetes = settings.kubernetes
    ports = {"nodePort": kubernetes.node_port, "redirectNodePort": kubernetes.redirect_node_port}
    if settings.platform != "kubernetes" or settings.edge.kind in CONTROLLERS:
        return
    for name, port in ports.items():
        key = f"mimir:kubernetes.{name}"
        if port is not None and kubernetes.service_type == "ClusterIP":
            yield Problem(
                key,
                f"{port}, with `kubernetes.serviceType` ClusterIP",
                "`kubernetes.serviceType` NodePort or LoadBalancer beside it, or nothing",
                remove(key),
            )
        elif port is not None and name == "redirectNodePort" and not _redirects(settings):
            yield Problem(key, f"{port}, without `edge.redirectPort`", "nothing: no port needs it", remove(key))
        elif port is not None and name == "redirectNodePort" and port == kubernetes.node_port:
            yield Problem(key, f"{port}, which is `kubernetes.nodePort` too", "another port", remove(key))


def _redirects(settings: Settings) -> bool:
    return settings.edge.kind == "haproxy" and settings.edge.redirect_port is not None


def single_writer(settings: Settings) -> Iterator[Problem]:
    """More than one pod requires volumes that several pods can write (plan: MIMIR_DB_PATH, Volumes)."""
    if settings.platform != "kubernetes" or most_pods(settings) == 1:
        return
    key = "autoscaling.maxReplicas" if settings.autoscaling.max_replicas else "kubernetes.replicas"
    reasons = single_writer_keys(settings)
    if reasons:
        conditions = " and ".join(
            "no `environment.dbPath`" if reason.startswith("environment") else f"`{reason}` ReadWriteMany"
            for reason in reasons
        )
        yield Problem(
            f"mimir:{key}",
            f"{most_pods(settings)} pods, but only one may write ({', '.join(f'mimir:{name}' for name in reasons)})",
            f"1, or {conditions} (the storage class must offer it)",
            f"pulumi config rm --path 'mimir:{key}'",
        )


def single_writer_keys(settings: Settings) -> list[str]:
    """The keys of the settings that prevent a second pod from running."""
    keys = [
        f"volumes.{name}.accessMode"
        for name, claim in settings.volumes.claims.items()
        if claim.access_mode in SINGLE_WRITER_MODES
    ]
    return [*keys, *(["environment.dbPath"] if settings.environment.db_path else [])]


def most_pods(settings: Settings) -> int:
    """Maximum number of pods, without the additional pod of an update."""
    return settings.autoscaling.max_replicas or settings.kubernetes.replicas or 1


def autoscaling(settings: Settings) -> Iterator[Problem]:
    """A fixed number of pods conflicts with an autoscaler (pulumi-kubernetes#2491)."""
    scaling = settings.autoscaling
    if settings.platform != "kubernetes":
        return
    if scaling.max_replicas is None:
        for key in changed(settings, "autoscaling"):
            yield Problem(
                f"mimir:{key}",
                "a setting without an effect while `autoscaling.maxReplicas` is not set",
                "`autoscaling.maxReplicas` beside it, or nothing",
                remove(f"mimir:{key}"),
            )
        return
    if settings.kubernetes.replicas is not None:
        yield Problem(
            "mimir:kubernetes.replicas",
            f"{settings.kubernetes.replicas}, with `autoscaling.maxReplicas` {scaling.max_replicas}",
            "one of the two",
            "pulumi config rm --path 'mimir:kubernetes.replicas'",
        )
    if scaling.max_replicas < scaling.min_replicas:
        yield Problem(
            "mimir:autoscaling.maxReplicas",
            str(scaling.max_replicas),
            f"at least minReplicas ({scaling.min_replicas})",
            f"pulumi config set --path 'mimir:autoscaling.maxReplicas' {scaling.min_replicas}",
        )


def requests(settings: Settings) -> Iterator[Problem]:
    """A cluster rejects a pod whose requests exceed its limits."""
    pairs = {
        "cpuRequest": (settings.kubernetes.cpu_request, "limits.cpus", settings.limits.cpus),
        "memoryRequestMib": (settings.kubernetes.memory_request_mib, "limits.memoryMib", settings.limits.memory_mib),
    }
    for key, (request, limit_key, limit) in pairs.items():
        if settings.platform == "kubernetes" and request > limit:
            yield Problem(
                f"mimir:kubernetes.{key}",
                str(request),
                f"at most `{limit_key}` ({limit})",
                f"pulumi config set --path 'mimir:kubernetes.{key}' {limit}",
            )


def rollout(settings: Settings) -> Iterator[Problem]:
    """A rollout needs more time than the slowest start that the probe allows."""
    longest = longest_start(settings)
    reasons = "the time that `probe` gives a start"
    if settings.edge.kind == "haproxy" and settings.kubernetes.dns_seconds is not None:
        longest += settings.kubernetes.dns_seconds
        reasons += ", and `kubernetes.dnsSeconds`"
    if settings.platform != "kubernetes" or settings.kubernetes.rollout_seconds > longest:
        return
    fix = f"pulumi config set --path 'mimir:kubernetes.rolloutSeconds' {min(longest + 60, LONGEST_ROLLOUT_SECONDS)}"
    yield Problem(
        "mimir:kubernetes.rolloutSeconds",
        str(settings.kubernetes.rollout_seconds),
        f"more than {longest}, {reasons}",
        fix if longest < LONGEST_ROLLOUT_SECONDS else "pulumi config rm probe   # no rollout may take that long",
    )


def longest_start(settings: Settings) -> int:
    """Maximum duration of a start that the probe allows, in seconds."""
    return Probe(port=settings.environment.port, **settings.probe.model_dump()).deadline_seconds


def peers(settings: Settings) -> Iterator[Problem]:
    """Each peer selects either pods or addresses; one that selects neither would match every address."""
    network = settings.network
    for name, entries in (("ingress", network.ingress), ("monitoring", network.monitoring), ("egress", network.egress)):
        for index, peer in enumerate(entries):
            key = f"mimir:network.{name}[{index}]"
            pods = peer.namespace is not None or bool(peer.pod_labels)
            if pods == (peer.cidr is not None):
                selected = "pods and addresses" if pods else "neither pods nor addresses"
                yield Problem(key, selected, "`namespace` or `podLabels`, or else `cidr`", remove(key))
            elif peer.cidr is not None and not _is_network(peer.cidr):
                yield Problem(key, f'the cidr "{peer.cidr}"', "a network address, such as 10.0.0.0/8", remove(key))
            invalid_ports = [port for port in getattr(peer, "ports", ()) if not 1 <= port <= 65535]
            if invalid_ports:
                yield Problem(key, f"the ports {invalid_ports}", "1 to 65535", remove(key))


def _is_network(cidr: str) -> bool:
    try:
        return bool(ip_network(cidr))
    except ValueError:
        return False
