"""How a version of the application behaves, as data.

The plan assumes things of the application that a given version does not do. What a version reads, ignores or leaks
is written down here once; the rest of the program asks. A new version is a new entry, not an `if`.
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
"""Groups of dangerous routes, closed unless `edge.opened` names them, and what each does to whoever opens it."""


@dataclass(frozen=True)
class Route:
    """Something that the application answers, and who may ask for it through an edge.

    Attributes:
        methods: HTTP methods.
        path: `{}` stands for one segment.
        access: `public` for everybody, `caller` for whoever authentication lets in, or a group of `DANGERS`.
    """

    methods: tuple[str, ...]
    path: str
    access: Access = "caller"


@dataclass(frozen=True)
class Contract:
    """What one version of the application does.

    Attributes:
        version: commit or release that was measured.
        arguments: the command's arguments; `{port}` stands for the port.
        working_directory: where it runs, and so where it writes relative paths.
        config_directories: where the configuration file is mounted; the first is where it is read.
        config_endpoint: path that answers with the configuration in effect, as JSON.
        drain_seconds: how long it goes on serving requests after SIGTERM.
        variables: what it does with an environment variable; "leaked" is ignored and shown to anyone who asks.
        shadowing_files: files in the working directory that win over the mounted configuration.
        routes: what it answers; the first that matches a request decides, and what matches none is not served.
        metrics_path: path that answers with its figures, as JSON.
        state_in_memory: what each process keeps to itself and loses at a restart; empty when there is nothing.
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
        """What becomes of `variable`; one that is not in the contract belongs to the user and is passed on."""
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
                    "MIMIR_PORT": "read",  # shown by the configuration endpoint only; the argument decides
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
"""The versions that this program knows; the sample in `sample/` honours the first."""
