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
    state_in_memory: str = ""

    def effect(self, variable: str) -> Effect:
        """What becomes of `variable`; one that is not in the contract belongs to the user and is passed on."""
        return self.variables.get(variable, "read")


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
            state_in_memory="scheduler jobs",
        ),
    }
)
"""The versions that this program knows; the sample in `sample/` honours the first."""
