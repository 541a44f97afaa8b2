"""Which settings differ from those of the last update. Only their keys: a value may be a secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi.automation import CommandError, ConfigValue, Stack

from components.configuration import structured

HISTORY_SIZE = 20
"""Number of past updates that are searched for the last successful one."""


def changed(stack: Stack) -> tuple[str, ...] | None:
    """Paths of the settings that differ from the last update that succeeded; None where there was none."""
    try:
        history = stack.history(page_size=HISTORY_SIZE)
    except CommandError:  # the current secrets provider cannot decrypt it
        return None
    before = next(
        (update.config for update in history if update.kind == "update" and update.result == "succeeded"), None
    )
    return None if before is None else differing(before, stack.get_all_config(), _defaults())


def differing(
    before: Mapping[str, ConfigValue], after: Mapping[str, ConfigValue], defaults: Mapping[str, Any]
) -> tuple[str, ...]:
    """Paths of all settings that differ.

    Args:
        before: configuration of the last successful update.
        after: current configuration.
        defaults: the project's defaults; a section in the stack file replaces that section's defaults.
    """
    old, new = (
        {**_leaves(defaults), **_leaves({key: structured(value.value) for key, value in side.items()})}
        for side in (before, after)
    )
    return tuple(sorted(path for path in {*old, *new} if old.get(path) != new.get(path)))


def _defaults() -> dict[str, Any]:
    """The defaults in Pulumi.yaml, by the key of each section."""
    declared = yaml.safe_load(Path("Pulumi.yaml").read_text())["config"]
    return {f"mimir:{key}": setting["default"] for key, setting in declared.items() if "default" in setting}


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path.removeprefix("mimir:"): value}
    leaves: dict[str, Any] = {}
    for key, below in value.items():
        leaves |= _leaves(below, f"{path}.{key}" if path else key)
    return leaves
