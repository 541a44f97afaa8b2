"""The application's configuration file (the plan's development.yaml and production.yaml), rendered from the settings.

The application drops a file that it finds invalid without a word: an upper-case level, a duration where a number
belongs, a plugin directory that does not exist. So only what it accepts is rendered, with a digest of the whole in a
place that it hands back (`plugins.plugin_configs`), which is how a deployment proves that the file is in effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from components.settings import Settings

PLUGINS = "/app/plugins"
"""The volume itself and not `pluginDir`, which may be a folder in it that does not exist yet."""

DIGEST_KEY = "plugins.plugin_configs.config_digest"


@dataclass(frozen=True)
class ConfigFile:
    """A rendered configuration file.

    Attributes:
        names: file names under which it is mounted, in every configuration directory.
        content: the file's text.
        expected: dotted keys and values that the application must show once the file is in effect.
    """

    names: tuple[str, ...]
    content: str
    expected: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Short digest of the content; it names what is deployed."""
        return self.expected[DIGEST_KEY]


def render(settings: Settings) -> ConfigFile:
    """The file for these settings. Secrets are never in it: the application shows its configuration to anyone."""
    environment = settings.environment
    document: dict[str, Any] = {
        "server": {
            "host": "0.0.0.0",  # inside the container; what is published is the platform's decision
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
            "output": "stdout",  # the engine rotates it; the application never would
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
    return str(yaml.safe_dump(document, sort_keys=False, width=1000))  # one line a value
