"""The application's configuration file (the plan's development.yaml and production.yaml), rendered from the settings.

The application silently ignores an invalid file: an upper-case level, a duration instead of a number, a plugin
directory that does not exist. Only values that it accepts are rendered. A digest of the file is in a key that the
application returns (`plugins.plugin_configs`), so that a deployment can verify that the file is in effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from components.settings import Settings

PLUGINS = "/app/plugins"
"""The mount path of the volume. `pluginDir` may be a folder in it that does not exist yet."""

DIGEST_KEY = "plugins.plugin_configs.config_digest"


@dataclass(frozen=True)
class ConfigFile:
    """A rendered configuration file.

    Attributes:
        names: file names under which it is mounted, in every configuration directory.
        content: the file's text.
        expected: values by dotted key that the application returns once the file is in effect.
    """

    names: tuple[str, ...]
    content: str
    expected: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Short digest of the file; it identifies the deployed configuration."""
        return self.expected[DIGEST_KEY]


def render(settings: Settings) -> ConfigFile:
    """The file for these settings. It contains no secrets: the application returns its configuration to any caller."""
    environment = settings.environment
    document: dict[str, Any] = {
        "server": {
            "host": "0.0.0.0",  # inside the container; the platform decides what is published
            "port": environment.port,
            "read_timeout": 30,
            "write_timeout": 30,
            "enable_cors": bool(environment.enable_cors),
        },
        "plugins": {"directories": [PLUGINS], "auto_discovery": True},
        "scheduler": {"enabled": True, **({"max_jobs": environment.max_jobs} if environment.max_jobs else {})},
        "logging": {
            "level": environment.log_level.lower(),
            "format": settings.log_format,
            "output": "stdout",  # the engine rotates it; the application does not
        },
    }
    names = ("config.yaml", f"{settings.runtime}.yaml")
    digest = hashlib.sha256("\n".join([*names, _yaml(document)]).encode()).hexdigest()[:16]
    document["plugins"]["plugin_configs"] = {"config_digest": f"sha256-{digest}"}
    return ConfigFile(
        names=names,
        content=_yaml(document),
        expected={
            DIGEST_KEY: f"sha256-{digest}",
            "logging.level": environment.log_level.lower(),
            "logging.format": settings.log_format,
        },
    )


def _yaml(document: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(document, sort_keys=False, width=1000))  # no line breaks in values
