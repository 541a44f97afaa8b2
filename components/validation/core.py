"""The list of all rules for combinations of settings, and the general ones. A rule gets only valid sections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from components.application.contract import CONTRACTS
from components.image import image_signature
from components.problems import Problem, member, remove
from components.settings import Settings
from components.settings.schema import fields
from components.source.source import shown
from components.validation import build, edge, ingress_controllers, kubernetes, tls

Rule = Callable[[Settings], Iterator[Problem]]

DRAIN_MARGIN_SECONDS = 5
"""Minimum time between the end of draining and the kill signal, for the process to exit (plan: Graceful shutdown)."""

OWN_VARIABLES = {
    "MIMIR_PORT": "port",
    "MIMIR_LOG_LEVEL": "logLevel",
    "MIMIR_PLUGIN_DIR": "pluginDir",
    "MIMIR_JWT_SECRET": "jwtSecret",
    "MIMIR_DB_PATH": "dbPath",
    "MIMIR_MAX_JOBS": "maxJobs",
    "MIMIR_ENABLE_CORS": "enableCors",
}
"""Variables that have a dedicated setting, and the key of that setting in `environment`."""

RESERVED_VARIABLES = {"GOMAXPROCS": "limits.cpus", "HOME": "nothing: the image has no home folder"}
"""Variables that the deployment sets, and the setting that determines each."""


def broken_rules(settings: Settings, invalid: frozenset[str]) -> list[Problem]:
    """The problems of all rules.

    Args:
        settings: settings of the stack.
        invalid: keys of invalid sections; a rule that needs one of them is skipped.
    """
    return [problem for needs, rule in _RULES if not invalid & set(needs) for problem in rule(settings)]


def _contract(settings: Settings) -> Iterator[Problem]:
    if settings.contract not in CONTRACTS:
        names = ", ".join(CONTRACTS)
        yield Problem(
            "mimir:contract", f'"{settings.contract}"', names, f"pulumi config set contract {next(iter(CONTRACTS))}"
        )


def _production_secret(settings: Settings) -> Iterator[Problem]:
    if settings.runtime == "production" and settings.environment.jwt_secret is None:
        yield Problem(
            "mimir:environment.jwtSecret",
            "nothing",
            "a secret of at least 32 random bytes, because `runtime` is production",
            "pulumi config set --secret --path 'mimir:environment.jwtSecret' \"$(openssl rand -base64 48)\"",
        )


def _variable_names(settings: Settings) -> Iterator[Problem]:
    environment = settings.environment
    for section, names in (("variables", environment.variables), ("secretVariables", environment.secret_variables)):
        for name in names:
            key = member(f"environment.{section}", name)
            if name in OWN_VARIABLES:
                setting = f"mimir:environment.{OWN_VARIABLES[name]}"
                yield Problem(key, "a variable with a setting of its own", setting, remove(key))
            elif name in RESERVED_VARIABLES:
                yield Problem(key, "a variable that the deployment sets", RESERVED_VARIABLES[name], remove(key))
            elif not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
                yield Problem(
                    key, f'the name "{name}"', "capitals, digits and _, not starting with a digit", remove(key)
                )
    for name in environment.variables.keys() & environment.secret_variables.keys():
        key = member("environment.variables", name)
        yield Problem(key, "a name that secretVariables has too", "one of the two", remove(key))


def _probe_times(settings: Settings) -> Iterator[Problem]:
    probe = settings.probe
    if probe.timeout_seconds > probe.interval_seconds:
        yield Problem(
            "mimir:probe.timeoutSeconds",
            str(probe.timeout_seconds),
            f"at most intervalSeconds ({probe.interval_seconds})",
            f"pulumi config set --path 'mimir:probe.timeoutSeconds' {probe.interval_seconds}",
        )


def _grace(settings: Settings) -> Iterator[Problem]:
    shutdown = settings.shutdown
    in_cluster = settings.platform == "kubernetes"  # where the grace period includes the time before SIGTERM
    minimum = shutdown.drain_seconds + DRAIN_MARGIN_SECONDS + (shutdown.pre_stop_seconds if in_cluster else 0)
    if shutdown.grace_seconds < minimum:
        parts = f"{'preStopSeconds + ' if in_cluster else ''}drainSeconds + {DRAIN_MARGIN_SECONDS} ({minimum})"
        yield Problem(
            "mimir:shutdown.graceSeconds",
            str(shutdown.grace_seconds),
            f"at least {parts}, or requests are cut at every update",
            f"pulumi config set --path 'mimir:shutdown.graceSeconds' {minimum}",
        )


def _drain(settings: Settings) -> Iterator[Problem]:
    contract = CONTRACTS.get(settings.contract)
    if contract and settings.shutdown.drain_seconds < contract.drain_seconds:
        yield Problem(
            "mimir:shutdown.drainSeconds",
            str(settings.shutdown.drain_seconds),
            f"at least {contract.drain_seconds}: the application drains that long and takes no setting for it",
            f"pulumi config set --path 'mimir:shutdown.drainSeconds' {contract.drain_seconds}",
        )


def _bind_address(settings: Settings) -> Iterator[Problem]:
    address = settings.docker.bind_address
    try:
        ip_address(address)
    except ValueError:
        yield Problem(
            "mimir:docker.bindAddress",
            f'"{address}"',
            "an IPv4 address",
            "pulumi config set --path 'mimir:docker.bindAddress' 127.0.0.1",
        )


def _engine_address(settings: Settings) -> Iterator[Problem]:
    """ssh(1) parses a user or a host that begins with - as an option."""
    host = settings.docker.host or ""
    if host.startswith("ssh://") and not re.match(r"ssh://([A-Za-z0-9_][^\s@/]*@)?[A-Za-z0-9\[][^\s@]*$", host):
        yield Problem(
            "mimir:docker.host",
            json.dumps(shown(host), ensure_ascii=False),
            "ssh://user@host, with a user and a host that begin with a letter or a digit",
            "pulumi config set --path 'mimir:docker.host' ssh://deploy@engine.example.com",
        )


_RULES: tuple[tuple[tuple[str, ...], Rule], ...] = (
    (tuple(fields(Settings)), kubernetes.foreign_settings),
    (("platform", "kubernetes"), kubernetes.context),
    (("platform", "kubernetes"), kubernetes.namespace),
    (("platform", "kubernetes", "edge"), kubernetes.node_ports),
    (("platform", "kubernetes", "autoscaling", "volumes", "environment"), kubernetes.single_writer),
    (("platform", "kubernetes", "autoscaling"), kubernetes.autoscaling),
    (("platform", "kubernetes", "limits"), kubernetes.requests),
    (("platform", "kubernetes", "probe", "edge"), kubernetes.rollout),
    (("network",), kubernetes.peers),
    (("platform", "kubernetes", "network", "edge"), ingress_controllers.honoured),
    (("platform", "runtime", "edge"), ingress_controllers.authentication),
    (("edge",), ingress_controllers.gateway),
    (("edge",), ingress_controllers.ingress),
    (("contract",), _contract),
    (("runtime", "environment"), _production_secret),
    (("environment",), _variable_names),
    (("probe",), _probe_times),
    (("platform", "shutdown"), _grace),
    (("contract", "shutdown"), _drain),
    (("registry",), build.registry_credentials),
    (("docker",), _bind_address),
    (("docker",), _engine_address),
    (("docker", "registry", "liveReload"), build.remote_engine),
    (("image",), build.ca_bundle),
    (("image", "liveReload"), build.prebuilt_digest),
    (("image",), image_signature.contradictions),
    (("source", "image"), build.source_location),
    (("platform", "runtime", "source", "liveReload"), build.live_reload),
    (("edge", "docker", "kubernetes", "network"), edge.no_edge),
    (("edge", "platform"), edge.clusters_own),
    (("edge", "runtime", "environment"), edge.authentication),
    (("edge",), edge.names),
    (("edge",), edge.opened),
    (("edge", "environment"), edge.tokens),
    (("edge", "contract"), edge.paths),
    (("edge", "environment", "runtime", "docker"), edge.ports),
    (("edge", "platform", "runtime"), tls.belonging),
    (("edge", "runtime"), tls.given),
    (("edge",), tls.token_key),
)
