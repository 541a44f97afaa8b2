"""Everything that a stack may say.

Each section is one object in `Pulumi.<stack>.yaml` (`pulumi config set --path 'mimir:environment.port' 8080`).
This module is the only place where a setting, its unit, its default and its limits are written down:
`Pulumi.yaml` and `docs/settings.md` are generated from it (`make docs`). No Pulumi resource is made here.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import SecretStr, field_validator

from components import jwt_secret
from components.section import Section, setting

LogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR"]
VolumeName = Literal["data", "logs", "plugins", "config"]
DataVolumeName = Literal["data", "logs", "plugins"]


class Source(Section):
    """Where the application's source code comes from."""

    location: str = setting(
        "./sample",
        "Folder (absolute, or relative to the project), or git URL; a URL needs `commit`.",
        allowed="a folder with a go.mod, or a git URL",
        min_length=1,
    )
    commit: str | None = setting(
        None,
        "Full commit to build; in a folder: instead of the working tree.",
        allowed="40 hexadecimal digits",
        example="b0006f9abf4da2a041c1de4c92a5f9eef43fa82c",
        pattern=r"^[0-9a-f]{40}$",
    )
    package: str = setting(
        ".",
        "Go package of the server's main, relative to the source.",
        allowed="a relative package path, such as . or ./cmd/server",
        pattern=r"^\.(/[A-Za-z0-9._-]+)*$",
    )
    ignore: tuple[str, ...] = setting(
        (),
        "More .dockerignore patterns for this source, after those of container/.dockerignore.",
        allowed="a list of patterns",
    )


class Image(Section):
    """How the image is built."""

    platforms: tuple[Literal["linux/amd64", "linux/arm64"], ...] = setting(
        ("linux/amd64", "linux/arm64"),
        "Platforms in the image index; cross-compiled, so none needs emulation.",
        allowed="a list of linux/amd64 and linux/arm64",
        min_length=1,
    )
    go_image: str = setting(
        "golang:1.26.8-alpine",
        "Builder image, with Go and a shell; a mirror's or your own, for closed networks.",
        allowed="an image reference",
        min_length=1,
    )
    base_image: str = setting(
        "scratch", "Base of the final image.", allowed="scratch or an image reference", min_length=1
    )
    go_proxy: SecretStr | None = setting(
        None,
        "GOPROXY for the build, when it is not Go's default; a secret, because it may hold credentials.",
        allowed="a GOPROXY list",
        example="https://goproxy.example.com",
    )
    ca_bundle: str | None = setting(
        None,
        "PEM file with the certificate authorities to trust in the build and in the image, instead of the builder's.",
        allowed="a readable PEM file",
        example="/etc/ssl/certs/ca-certificates.crt",
    )
    no_cache: bool = setting(False, "Build every step anew.", allowed="true or false")
    builder: str | None = setting(
        None,
        "buildx builder to use; by default the current one that can build for several platforms.",
        allowed="a name that `docker buildx ls` shows",
        example="default",
    )


class Registry(Section):
    """Where the image is pushed to and pulled from."""

    address: str = setting(
        "127.0.0.1:5000",
        "Registry's host, with the port where it is not 443.",
        allowed="host or host:port, without a scheme or path",
        pattern=r"^[A-Za-z0-9.-]+(:[0-9]{1,5})?$",
    )
    repository: str = setting(
        "mimir",
        "Repository in the registry.",
        allowed="lower-case path components, such as team/mimir",
        pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$",
    )
    username: str | None = setting(
        None,
        "User for push and pull; without one, what `docker login` stored is used.",
        allowed="a user name",
        example="ci",
        min_length=1,
    )
    password: SecretStr | None = setting(
        None, "Password or token of `username`.", allowed="a secret value", example="# asks for the value"
    )
    insecure: bool = setting(
        False,
        "Plain HTTP or an untrusted certificate; loopback registries are plain HTTP without it.",
        allowed="true or false",
    )


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
        """`pulumi config set --path` stores 5 and true as a number and a boolean; a variable is always text."""
        if not isinstance(value, dict):
            return value
        return {name: json.dumps(one) if isinstance(one, bool | int | float) else one for name, one in value.items()}

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
    pids: int = setting(256, "Processes and threads.", allowed="32 to 32768", ge=32, le=32_768)
    tmp_mib: int = setting(64, "Size of the temporary file system /tmp in MiB.", allowed="1 to 4096", ge=1, le=4096)


class Shutdown(Section):
    """How a container ends."""

    drain_seconds: int = setting(
        30, "Time that the application gives to requests under way, in seconds.", allowed="0 to 600", ge=0, le=600
    )
    grace_seconds: int = setting(
        40,
        "Time before the platform kills the process, in seconds; at least 5 more than `drainSeconds`.",
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
    max_size_mib: int = setting(10, "Size at which a log file is rotated, in MiB.", allowed="1 to 1024", ge=1, le=1024)
    max_files: int = setting(5, "Log files that are kept.", allowed="1 to 100", ge=1, le=100)


class Docker(Section):
    """The Docker engine, for `platform: docker`."""

    host: str | None = setting(
        None,
        "Engine's address; by default DOCKER_HOST, or the engine's usual socket.",
        allowed="unix://, tcp:// or ssh:// address",
        example="unix:///var/run/docker.sock",
        pattern=r"^(unix|tcp|ssh|npipe)://.+$",
    )
    bind_address: str = setting(
        "127.0.0.1",
        "Host address on which the port is published; the application authenticates nobody, so loopback.",
        allowed="an IPv4 address",
        pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
    )
    restart: Literal["no", "on-failure", "always", "unless-stopped"] = setting(
        "unless-stopped", "Restart policy of the container.", allowed="no, on-failure, always or unless-stopped"
    )
    protected_volumes: tuple[DataVolumeName, ...] = setting(
        ("data", "logs", "plugins"),
        "Volumes that `pulumi destroy` refuses to delete.",
        allowed="a list of data, logs and plugins",
    )


class Settings(Section):
    """The whole stack."""

    platform: Literal["docker", "kubernetes"] = setting(
        "docker", "Where the application runs.", allowed="docker (kubernetes is not implemented yet)"
    )
    runtime: Literal["development", "production"] = setting(
        "development",
        "The plan's environment: production wants a JWT secret and logs JSON.",
        allowed="development or production",
    )
    contract: str = setting(
        "mimir-b0006f9",
        "Which application version's behaviour to expect: a name in components/contract.py.",
        allowed="a contract in components/contract.py",
    )
    live_reload: bool = setting(
        False, "Development mode: the source folder is mounted, rebuilt and restarted on save.", allowed="true or false"
    )
    source: Source = Source()
    image: Image = Image()
    registry: Registry = Registry()
    environment: Environment = Environment()
    probe: Probe = Probe()
    limits: Limits = Limits()
    shutdown: Shutdown = Shutdown()
    logging: Logging = Logging()
    docker: Docker = Docker()

    @property
    def log_format(self) -> str:
        """Format of the application's request log."""
        return self.logging.format or ("json" if self.runtime == "production" else "text")
