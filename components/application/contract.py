"""The behavior of each version of the application, as data.

The plan assumes behavior that a version may not have. This module defines what a version reads, ignores or leaks; the
rest of the program looks it up. A new version is a new entry, not a new condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Effect = Literal["read", "ignored", "leaked"]
Access = Literal["public", "caller", "config", "config-save", "execute", "tools", "protected", "accounts"]

DANGERS: Mapping[Access, str] = MappingProxyType(
    {
        "config": "shows every setting, secrets included, and changes them",
        "config-save": "writes a file at any path",
        "execute": "opens any file, and runs what it says",
        "tools": "makes requests to any address from inside the network",
        "protected": "ends the process when two requests come at once",
        "accounts": "hands out and lists accounts that protect nothing",
    }
)
"""Groups of dangerous routes, and the danger of each. They are closed unless `edge.opened` contains them."""


@dataclass(frozen=True)
class Route:
    """A route of the application, and the access to it through an edge.

    Attributes:
        methods: HTTP methods.
        path: path in which `{}` matches one segment.
        access: `public` for everyone; `caller` as `edge.authentication` requires; or a group of `DANGERS`.
    """

    methods: tuple[str, ...]
    path: str
    access: Access = "caller"


@dataclass(frozen=True)
class Contract:
    """The behavior of one version of the application.

    Attributes:
        version: commit or release that was measured.
        arguments: arguments of the command; `{port}` is replaced by the port.
        working_directory: working directory, the base of its relative paths.
        config_directories: directories where the configuration file is mounted; it is read from the first.
        config_endpoint: path that returns the configuration in effect, as JSON.
        drain_seconds: time after SIGTERM in which it continues to serve requests.
        variables: effect of each environment variable; `leaked` is ignored and returned to any caller.
        shadowing_files: files in the working directory that take precedence over the mounted configuration.
        routes: its routes; the first match decides, and a request without a match is not served.
        metrics_path: path that returns its metrics, as JSON.
        state_in_memory: state that each process keeps in memory and loses at a restart; empty if there is none.
    """

    version: str
    arguments: tuple[str, ...]
    working_directory: str
    config_directories: tuple[str, ...]
    config_endpoint: str
    drain_seconds: int
    variables: Mapping[str, Effect] = field(default_factory=lambda: MappingProxyType({}))
    shadowing_files: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    metrics_path: str = ""
    state_in_memory: str = ""

    def effect(self, variable: str) -> Effect:
        """The effect of an environment variable; `read` if the contract does not contain it."""
        return self.variables.get(variable, "read")


_ROUTES_B0006F9 = (
    Route(("GET",), "/health", "public"),
    Route(("GET", "PUT"), "/api/v1/config", "config"),
    Route(("POST",), "/api/v1/config/reload", "config"),
    Route(("POST",), "/api/v1/config/save", "config-save"),
    Route(("POST",), "/api/v1/pipelines/execute", "execute"),
    Route(("POST",), "/api/v1/agent/execute", "execute"),
    Route(("POST",), "/api/v1/visualize/pipeline", "execute"),
    Route(("POST",), "/mcp/tools/execute", "tools"),
    Route(("POST", "PUT"), "/api/v1/protected/{}", "protected"),
    Route(("POST", "PUT"), "/api/v1/protected/{}/{}", "protected"),
    Route(("GET", "POST"), "/api/v1/auth/{}", "accounts"),
    Route(("GET", "POST"), "/api/v1/pipelines"),
    Route(("GET", "PUT", "DELETE"), "/api/v1/pipelines/{}"),
    Route(("POST",), "/api/v1/pipelines/{}/clone"),
    Route(("POST",), "/api/v1/pipelines/{}/validate"),
    Route(("GET",), "/api/v1/pipelines/{}/history"),
    Route(("GET",), "/api/v1/plugins"),
    Route(("GET",), "/api/v1/plugins/{}"),
    Route(("GET",), "/api/v1/plugins/{}/{}"),
    Route(("GET",), "/mcp/tools"),
    Route(("GET", "POST"), "/api/v1/scheduler/jobs"),
    Route(("GET", "DELETE"), "/api/v1/scheduler/jobs/{}"),
    Route(("POST",), "/api/v1/scheduler/jobs/{}/enable"),
    Route(("POST",), "/api/v1/scheduler/jobs/{}/disable"),
    Route(("GET",), "/api/v1/visualize/status"),
    Route(("GET",), "/api/v1/visualize/scheduler"),
    Route(("GET",), "/api/v1/visualize/plugins"),
    Route(("GET",), "/api/v1/performance/metrics"),
    Route(("GET",), "/api/v1/performance/stats"),
    Route(("GET",), "/api/v1/jobs"),
    Route(("GET",), "/api/v1/jobs/{}"),
    Route(("POST",), "/api/v1/jobs/{}/stop"),
)

CONTRACTS: Mapping[str, Contract] = MappingProxyType(
    {
        "mimir-b0006f9": Contract(
            version="b0006f9abf4da2a041c1de4c92a5f9eef43fa82c",
            arguments=("--server", "{port}"),
            working_directory="/app/data",
            config_directories=("/etc/mimir", "/app/config"),
            config_endpoint="/api/v1/config",
            drain_seconds=30,
            variables=MappingProxyType(
                {
                    "MIMIR_PORT": "read",  # only returned by the configuration endpoint; the argument sets the port
                    "MIMIR_LOG_LEVEL": "read",
                    "MIMIR_PLUGIN_DIR": "ignored",
                    "MIMIR_DB_PATH": "ignored",
                    "MIMIR_MAX_JOBS": "ignored",
                    "MIMIR_ENABLE_CORS": "ignored",
                    "MIMIR_JWT_SECRET": "leaked",
                }
            ),
            shadowing_files=("config.yaml", "config.yml", "mimir.yaml", "mimir.yml", "config.json", "mimir.json"),
            routes=_ROUTES_B0006F9,
            metrics_path="/api/v1/performance/metrics",
            state_in_memory="scheduler jobs",
        ),
    }
)
"""The supported versions by name; the sample in `sample/` implements the first."""
