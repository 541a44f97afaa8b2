"""The platform-neutral description of the application: made from the settings, rendered by a platform."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from components.application import config_file
from components.application.config_file import ConfigFile
from components.application.contract import CONTRACTS, Contract
from components.application.probes import PROBE_BINARY, Probe
from components.settings import Environment, Limits, Settings, VolumeName

USER_ID = 65532
"""Numeric user and group of the process; the usual `nonroot` of minimal images (container/Dockerfile)."""


@dataclass(frozen=True)
class Volume:
    """A named volume of the plan.

    Attributes:
        name: which of the plan's four.
        paths: where it is mounted.
        read_only: whether the process may only read it.
        protected: whether `pulumi destroy` refuses to delete it.
    """

    name: VolumeName
    paths: tuple[str, ...]
    read_only: bool
    protected: bool


@dataclass(frozen=True)
class Application:
    """What runs, whatever it runs on.

    Attributes:
        name: name of the deployment, unique on an engine or in a cluster; the prefix of everything in it.
        arguments: arguments of the image's entry point.
        env: variables in the clear.
        secret_env: variables whose values are secrets.
        port: TCP port of the server.
        working_directory: where the process runs.
        volumes: the plan's four.
        config: the configuration file on the `config` volume.
        config_url: where the process shows its configuration in effect, from inside the container.
        shadowing_files: files in the working directory that would win over `config`.
        probe: the health probe.
        limits: what it may use.
        drain_seconds: how long it finishes requests after SIGTERM.
        grace_seconds: time before it is killed, from the moment at which the platform begins to end it.
    """

    name: str
    arguments: tuple[str, ...]
    env: Mapping[str, str]
    secret_env: Mapping[str, SecretStr]
    port: int
    working_directory: str
    volumes: tuple[Volume, ...]
    config: ConfigFile
    config_url: str
    shadowing_files: tuple[str, ...]
    probe: Probe
    limits: Limits
    drain_seconds: int
    grace_seconds: int

    @property
    def config_probe(self) -> tuple[str, ...]:
        """The command in the container that compares the configuration in effect with the mounted file.

        It prints the keys that differ, and never the rest.
        """
        expected = [part for key, value in self.config.expected.items() for part in ("--expect", f"{key}={value}")]
        return (PROBE_BINARY, "config", *expected, self.config_url)


def describe(settings: Settings, stack: str) -> Application:
    """The application that these settings ask for, in `stack`."""
    contract = CONTRACTS[settings.contract]
    environment = settings.environment
    return Application(
        name=f"mimir-{stack}",
        arguments=tuple(argument.format(port=environment.port) for argument in contract.arguments),
        env=_env(environment, settings.limits),
        secret_env=_secret_env(environment, contract),
        port=environment.port,
        working_directory=contract.working_directory,
        volumes=_volumes(settings, contract),
        config=config_file.render(settings),
        config_url=f"http://127.0.0.1:{environment.port}{contract.config_endpoint}",
        shadowing_files=contract.shadowing_files,
        probe=Probe(port=environment.port, **settings.probe.model_dump()),
        limits=settings.limits,
        drain_seconds=settings.shutdown.drain_seconds,
        grace_seconds=settings.shutdown.grace_seconds,
    )


def go_max_procs(cpus: float) -> int:
    """Threads that run Go code at once, for a limit of `cpus`."""
    return math.ceil(cpus)


def _env(environment: Environment, limits: Limits) -> dict[str, str]:
    """Variables in the clear; the application wants its level in lower case, the plan writes it in capitals."""
    own: dict[str, object | None] = {
        "MIMIR_PORT": environment.port,
        "MIMIR_LOG_LEVEL": environment.log_level.lower(),
        "MIMIR_PLUGIN_DIR": environment.plugin_dir,
        "MIMIR_DB_PATH": environment.db_path,
        "MIMIR_MAX_JOBS": environment.max_jobs,
        "MIMIR_ENABLE_CORS": None if environment.enable_cors is None else str(environment.enable_cors).lower(),
        # The binary does not read its CPU limit from the cgroup (`containermaxprocs=0` in its go.mod).
        "GOMAXPROCS": go_max_procs(limits.cpus),
    }
    return {**environment.variables, **{name: str(value) for name, value in own.items() if value is not None}}


def _secret_env(environment: Environment, contract: Contract) -> dict[str, SecretStr]:
    secret = dict(environment.secret_variables)
    wanted = contract.effect("MIMIR_JWT_SECRET") == "read" or environment.pass_jwt_secret
    if environment.jwt_secret is not None and wanted:
        secret["MIMIR_JWT_SECRET"] = environment.jwt_secret
    return secret


def _volumes(settings: Settings, contract: Contract) -> tuple[Volume, ...]:
    paths: dict[VolumeName, tuple[str, ...]] = {
        "data": ("/app/data",),
        "logs": ("/app/logs",),
        "plugins": ("/app/plugins",),
        "config": contract.config_directories,
    }
    return tuple(
        Volume(name, where, read_only=name == "config", protected=name in settings.volumes.protected)
        for name, where in paths.items()
    )
