"""Why a workload changes, in words: the properties that differ, by the names used in settings and manifests."""

from __future__ import annotations

import re
from typing import Any

from ops.report.change import Change

MOST = 6
"""Maximum number of reasons that are named; the others are counted."""

POD = "spec.template."
ENVIRONMENT = re.compile(r"(?:envs|.*\.env)\[(\d+)\]")
CONFIGURATION = re.compile(r"configMap|mounts|uploads")


def because(change: Change, under: str = "") -> tuple[str, ...]:
    """The reasons of `change`, each once; of its properties only those that start with `under`."""
    named = dict.fromkeys(_name(change, path) for path in change.paths if path.startswith(under))
    reasons = list(named)
    more = len(reasons) - MOST
    return (*reasons[:MOST], f"{more} more") if more > 0 else tuple(reasons)


def _name(change: Change, path: str) -> str:
    if match := ENVIRONMENT.match(path):
        variable = _variable(change, path, match)
        return f"environment variable {variable}" if variable else "an environment variable"
    if path.startswith("networks"):
        return "network"
    if CONFIGURATION.search(path):
        return "mounted configuration"
    if "Probe" in path:
        return f"{re.findall(r'(startup|readiness|liveness)Probe', path)[0]} probe"
    short = re.sub(r"\[[^]]*\]", "", path.removeprefix(POD))
    return short.rsplit(".", 1)[-1] if short.endswith("image") else short


def _variable(change: Change, path: str, match: re.Match[str]) -> str:
    """The variable's name; never its value."""
    for inputs in (change.new, change.old):
        value = _at(inputs, path[: match.end()])
        if isinstance(value, dict):
            return str(value.get("name", ""))
        if isinstance(value, str) and "=" in value:
            return value.split("=", 1)[0]
    return ""


def _at(value: Any, path: str) -> Any:
    """What is at a property path such as `spec.containers[0].env[1]`."""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            return None
    return value
