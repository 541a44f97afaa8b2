"""Which settings differ from those of the last update: their keys only, because a value may be anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi.automation import CommandError, ConfigValue, Stack

from components.configuration import structured

LOOKED_AT = 20
"""Updates that are looked back at for one that succeeded."""


def changed(stack: Stack) -> tuple[str, ...] | None:
    """Paths of the settings that differ from the last update that succeeded; None where there was none."""
    try:
        past = stack.history(page_size=LOOKED_AT)
    except CommandError:  # it cannot be read with the secrets provider of today
        return None
    before = next((one.config for one in past if one.kind == "update" and one.result == "succeeded"), None)
    return None if before is None else differing(before, stack.get_all_config(), _defaults())


def differing(
    before: Mapping[str, ConfigValue], after: Mapping[str, ConfigValue], defaults: Mapping[str, Any]
) -> tuple[str, ...]:
    """Paths of all settings that differ. A section that a stack file has hides the project's `defaults` of it."""
    old, new = (
        {**_leaves(defaults), **_leaves({key: structured(one.value) for key, one in side.items()})}
        for side in (before, after)
    )
    return tuple(sorted(path for path in {*old, *new} if old.get(path) != new.get(path)))


def _defaults() -> dict[str, Any]:
    """The defaults of this version of the project, by the key of each section."""
    declared = yaml.safe_load(Path("Pulumi.yaml").read_text())["config"]
    return {f"mimir:{key}": one["default"] for key, one in declared.items() if "default" in one}


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path.removeprefix("mimir:"): value}
    found: dict[str, Any] = {}
    for key, below in value.items():
        found |= _leaves(below, f"{path}.{key}" if path else key)
    return found
