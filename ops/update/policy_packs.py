"""Selects the policy pack of a stack and its enforcement level, for `pulumi preview` and `pulumi up`.

A violation stops every stack, except one whose stack file sets runtime to development in plain text and that
`policy/production.yaml` does not name. A value that is not in the stack file in plain text (encrypted, or from an
environment, the project file or a default) does not make a stack a development stack.
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
"""Lists the production stacks, outside of their own stack files."""

VARIABLE = "MIMIR_POLICY_PACK"
"""Environment variable with the folder of another policy pack."""

DEVELOPMENT = "development"
RUNTIME_KEYS = ("mimir:runtime", "mimir:config:runtime", "runtime")
"""The spellings of the key `mimir:runtime` that the CLI accepts in a stack file."""


def pack() -> str:
    """The folder of the policy pack."""
    return os.environ.get(VARIABLE) or str(Path(PACK).absolute())


def is_enforced(stack: str) -> bool:
    """Whether a violation stops the deployment of a stack.

    Args:
        stack: name of the stack, with or without organization and project.
    """
    if _is_production(stack) or _has_other_stack_files():
        return True
    runtimes = _runtimes(stack)
    return not runtimes or any(runtime != DEVELOPMENT for runtime in runtimes)


def notice(stack: str) -> str | None:
    """A notice for a stack whose policies are mandatory only because its file does not set its runtime; else None."""
    if not is_enforced(stack) or _runtimes(stack) or _is_production(stack):
        return None
    return (
        f"note: Pulumi.{stack}.yaml does not set mimir:runtime, so a policy violation stops this stack. "
        f"For development: pulumi config set mimir:runtime {DEVELOPMENT} --stack {stack}"
    )


def config(stack: str) -> str:
    """The file with the pack's enforcement level for a stack."""
    strictness = "mandatory" if is_enforced(stack) else "advisory"
    return str((Path(PACK) / f"{strictness}.json").absolute())


def flags(stack: str) -> tuple[str, ...]:
    """The flags that select the pack, for `preview` and `up`."""
    return ("--policy-pack", pack(), "--policy-pack-config", config(stack))


def _runtimes(stack: str) -> list[Any]:
    """Every value of `mimir:runtime` in the stack file."""
    config = _mapping(yaml_file.read(Path(f"Pulumi.{stack}.yaml")).get("config"))
    return [config[key] for key in RUNTIME_KEYS if key in config]


def _is_production(stack: str) -> bool:
    return any(fnmatchcase(stack.rpartition("/")[2], pattern) for pattern in _production_stacks())


def _production_stacks() -> list[str]:
    """Name patterns of the production stacks; a pattern for every name if the file is missing or invalid."""
    try:
        names = yaml_file.read(PRODUCTION)["stacks"]
    except (OSError, KeyError, ValueError, TypeError, yaml.YAMLError):
        return ["*"]
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else ["*"]


def _has_other_stack_files() -> bool:
    """Whether the project file makes the CLI read stack files from another folder than this command."""
    try:
        project = yaml_file.read(Path("Pulumi.yaml"))
    except FileNotFoundError:
        return False
    return "stackConfigDir" in project or isinstance(project.get("config"), str)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
