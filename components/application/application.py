"""The platform-neutral description of the application: created from the settings, rendered by a platform."""

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
        name: name of the volume, one of the plan's four.
        paths: absolute paths in the container where it is mounted.
        read_only: whether it is mounted read-only.
        protected: whether `pulumi destroy` refuses to delete it.
    """

    name: VolumeName
    paths: tuple[str, ...]
    read_only: bool
    protected: bool


@dataclass(frozen=True)
class Application:
    """The application, independent of the platform.

    Attributes:
        name: name of the deployment, unique on an engine or in a cluster; the prefix of all its resources.
        arguments: arguments of the image's entry point.
        env: environment variables that are not secret.
        secret_env: environment variables whose values are secrets.
        port: TCP port of the server.
        working_directory: working directory of the process.
        volumes: the plan's four volumes.
        config: the configuration file on the `config` volume.
        config_url: URL, from inside the container, that returns the configuration in effect.
        shadowing_files: files in the working directory that would take precedence over `config`.
        probe: the health probe.
        limits: resource limits of one container.
        drain_seconds: time after SIGTERM in which it completes running requests.
        grace_seconds: time between the start of termination and the kill signal.
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

        It prints only the keys that differ.
        """
        expected = [part for key, value in self.config.expected.items() for part in ("--expect", f"{key}={value}")]
        return (PROBE_BINARY, "config", *expected, self.config_url)


def describe(settings: Settings, stack: str) -> Application:
    """The description of the application.

    Args:
        settings: settings of the stack.
        stack: name of the stack.
    """
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
    """The value of GOMAXPROCS for a limit of `cpus` CPUs."""
    return math.ceil(cpus)


def _env(environment: Environment, limits: Limits) -> dict[str, str]:
    """Variables that are not secret. The application expects the log level in lower case, the plan has upper case."""
    variables: dict[str, object | None] = {
        "MIMIR_PORT": environment.port,
        "MIMIR_LOG_LEVEL": environment.log_level.lower(),
        "MIMIR_PLUGIN_DIR": environment.plugin_dir,
        "MIMIR_DB_PATH": environment.db_path,
        "MIMIR_MAX_JOBS": environment.max_jobs,
        "MIMIR_ENABLE_CORS": None if environment.enable_cors is None else str(environment.enable_cors).lower(),
        # The binary does not read its CPU limit from the cgroup (`containermaxprocs=0` in its go.mod).
        "GOMAXPROCS": go_max_procs(limits.cpus),
    }
    return {**environment.variables, **{name: str(value) for name, value in variables.items() if value is not None}}


def _secret_env(environment: Environment, contract: Contract) -> dict[str, SecretStr]:
    secret = dict(environment.secret_variables)
    passes_jwt_secret = contract.effect("MIMIR_JWT_SECRET") == "read" or environment.pass_jwt_secret
    if environment.jwt_secret is not None and passes_jwt_secret:
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
        Volume(name, mount_paths, read_only=name == "config", protected=name in settings.volumes.protected)
        for name, mount_paths in paths.items()
    )
