"""Which policy pack judges a stack, and how strictly: what `pulumi preview` and `pulumi up` are told.

A violation stops every stack, except one that calls itself development in plain text and that `policy/production.yaml`
does not name. What the judged stack cannot prove in its own file (a value that is encrypted, or that comes from an
environment, the project file or a default) does not make it development.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from ops.stack import yaml_file

PACK = "policy"
PRODUCTION = Path(__file__).resolve().parents[2] / PACK / "production.yaml"
"""The stacks that are production, named outside of their own files."""

VARIABLE = "MIMIR_POLICY_PACK"
"""Environment variable that names another pack than the project's own."""

DEVELOPMENT = "development"
RUNTIME_KEYS = ("mimir:runtime", "mimir:config:runtime", "runtime")
"""The ways in which the CLI lets a stack file write the key `mimir:runtime`."""


def pack() -> str:
    """The folder of the pack."""
    return os.environ.get(VARIABLE) or str(Path(PACK).absolute())


def is_enforced(stack: str) -> bool:
    """Whether a violation stops a stack.

    Args:
        stack: name of the stack, with or without organization and project.
    """
    if _is_production(stack) or _has_other_stack_files():
        return True
    runtimes = _runtimes(stack)
    return not runtimes or any(runtime != DEVELOPMENT for runtime in runtimes)


def notice(stack: str) -> str | None:
    """What to tell about a stack that is stopped only because its file does not say what it is; None for others."""
    if not is_enforced(stack) or _runtimes(stack) or _is_production(stack):
        return None
    return (
        f"note: Pulumi.{stack}.yaml does not say mimir:runtime, so that a policy violation stops this stack. "
        f"For development: pulumi config set mimir:runtime {DEVELOPMENT} --stack {stack}"
    )


def config(stack: str) -> str:
    """The file that says how strict the pack is with a stack."""
    strictness = "mandatory" if is_enforced(stack) else "advisory"
    return str((Path(PACK) / f"{strictness}.json").absolute())


def flags(stack: str) -> tuple[str, ...]:
    """What the CLI is told of the pack, for `preview` and `up`."""
    return ("--policy-pack", pack(), "--policy-pack-config", config(stack))


def _runtimes(stack: str) -> list[Any]:
    """Every value that the stack file has for `mimir:runtime`."""
    config = _mapping(yaml_file.read(Path(f"Pulumi.{stack}.yaml")).get("config"))
    return [config[key] for key in RUNTIME_KEYS if key in config]


def _is_production(stack: str) -> bool:
    return any(fnmatchcase(stack.rpartition("/")[2], pattern) for pattern in _production_stacks())


def _production_stacks() -> list[str]:
    """Patterns of the names of production's stacks: every name where nothing readable says so."""
    try:
        names = yaml_file.read(PRODUCTION)["stacks"]
    except (OSError, KeyError, ValueError, TypeError, yaml.YAMLError):
        return ["*"]
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else ["*"]


def _has_other_stack_files() -> bool:
    """Whether the project file has the CLI read stack files from another folder than this command does."""
    try:
        project = yaml_file.read(Path("Pulumi.yaml"))
    except FileNotFoundError:
        return False
    return "stackConfigDir" in project or isinstance(project.get("config"), str)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
