"""The process: environment, health probe, limits, shutdown and logging, on every platform."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import SecretStr, field_validator

from components.settings.schema import Section, setting
from components.settings.values import jwt_secret

LogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR"]


class Environment(Section):
    """The plan's environment variables."""

    port: int = setting(
        8080,
        "MIMIR_PORT: TCP port on which the server listens, is probed and is published.",
        allowed="1024 to 65535 (the process has no right to lower ports)",
        ge=1024,
        le=65535,
    )
    log_level: LogLevel = setting("INFO", "MIMIR_LOG_LEVEL.", allowed="DEBUG, INFO, WARN or ERROR")
    plugin_dir: str = setting(
        "/app/plugins",
        "MIMIR_PLUGIN_DIR: folder of the plugins.",
        allowed="/app/plugins or a folder in it (the only place that keeps plugins)",
        pattern=r"^/app/plugins(/[A-Za-z0-9._-]+)*$",
    )
    jwt_secret: SecretStr | None = setting(
        None,
        "MIMIR_JWT_SECRET: key that signs tokens (HS256). Required when `runtime` is production.",
        allowed=f"a secret of at least {jwt_secret.MINIMUM_BYTES} random bytes, not a well-known one",
        example='"$(openssl rand -base64 48)"',
    )
    pass_jwt_secret: bool = setting(
        False,
        "Hand the JWT secret to the application even if its contract says that it leaks it.",
        allowed="true or false",
    )
    db_path: str | None = setting(
        None,
        "MIMIR_DB_PATH: database file.",
        allowed="a file under /app/data (the only place that keeps data)",
        example="/app/data/mimir.db",
        pattern=r"^/app/data(/[A-Za-z0-9._-]+)+$",
    )
    max_jobs: int | None = setting(
        None, "MIMIR_MAX_JOBS: jobs at the same time.", allowed="1 to 10000", example=10, ge=1, le=10_000
    )
    enable_cors: bool | None = setting(
        None, "MIMIR_ENABLE_CORS: send CORS headers.", allowed="true or false", example=False
    )
    variables: dict[str, str] = setting(
        {},
        "Any other environment variable.",
        allowed="names of capitals, digits and _, other than those with a setting of their own",
    )
    secret_variables: dict[str, SecretStr] = setting(
        {},
        "Any other environment variable whose value is a secret (`pulumi config set --secret --path`).",
        allowed="names of capitals, digits and _, other than those with a setting of their own",
    )

    @field_validator("variables", "secret_variables", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        """Convert numbers and booleans, which `pulumi config set --path` stores for 5 and true, to text."""
        if not isinstance(value, dict):
            return value
        return {
            name: json.dumps(item) if isinstance(item, bool | int | float) else item for name, item in value.items()
        }

    @field_validator("jwt_secret")
    @classmethod
    def _strong(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (reason := jwt_secret.weakness(value.get_secret_value())):
            raise ValueError(reason)
        return value


class Probe(Section):
    """The health probe (plan: Monitoring & Logging, Health Checks)."""

    path: str = setting("/health", "HTTP path that answers 200.", allowed="an absolute path", pattern=r"^/\S*$")
    interval_seconds: int = setting(30, "Time between two probes, in seconds.", allowed="1 to 3600", ge=1, le=3600)
    timeout_seconds: int = setting(5, "Time for an answer, in seconds.", allowed="1 to 60", ge=1, le=60)
    retries: int = setting(3, "Failures in a row that make it unhealthy.", allowed="1 to 20", ge=1, le=20)
    start_period_seconds: int = setting(
        15, "Time for the start, in seconds, in which failures do not count.", allowed="1 to 600", ge=1, le=600
    )


class Limits(Section):
    """What one container may use."""

    cpus: float = setting(1.0, "CPUs; GOMAXPROCS follows, rounded up.", allowed="0.1 to 64", ge=0.1, le=64)
    memory_mib: int = setting(256, "Memory in MiB, swap included.", allowed="32 to 65536", ge=32, le=65_536)
    pids: int = setting(
        256,
        "Docker: processes and threads (Kubernetes has no field for it: the kubelet's podPidsLimit).",
        allowed="32 to 32768",
        ge=32,
        le=32_768,
    )
    tmp_mib: int = setting(64, "Size of the temporary file system /tmp in MiB.", allowed="1 to 4096", ge=1, le=4096)


class Shutdown(Section):
    """How a container ends."""

    pre_stop_seconds: int = setting(
        5,
        "Kubernetes: time that a pod which has left the Service goes on serving before it is told to end, in seconds.",
        allowed="0 to 120",
        ge=0,
        le=120,
    )

    drain_seconds: int = setting(
        30, "Time that the application gives to requests under way, in seconds.", allowed="0 to 600", ge=0, le=600
    )
    grace_seconds: int = setting(
        40,
        "Time before the platform kills the process, in seconds; at least 5 more than `drainSeconds`, and on "
        "Kubernetes than `preStopSeconds` and `drainSeconds` together.",
        allowed="5 to 660",
        ge=5,
        le=660,
    )


class Logging(Section):
    """The application's log, and the engine's rotation of it (the application has none)."""

    format: Literal["text", "json"] | None = setting(
        None,
        "Format of request logs; json when `runtime` is production, else text.",
        allowed="text or json",
        example="json",
    )
    max_size_mib: int = setting(
        10,
        "Docker: size at which a log file is rotated, in MiB (Kubernetes: the kubelet's containerLogMaxSize).",
        allowed="1 to 1024",
        ge=1,
        le=1024,
    )
    max_files: int = setting(
        5,
        "Docker: log files that are kept (Kubernetes: the kubelet's containerLogMaxFiles).",
        allowed="1 to 100",
        ge=1,
        le=100,
    )
