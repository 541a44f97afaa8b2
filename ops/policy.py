"""Which policy pack judges a stack, and how strictly: what `pulumi preview` and `pulumi up` are told.

Stacks whose runtime is `production` are stopped by a violation; others are only told of it.
"""

from __future__ import annotations

import os
from pathlib import Path

from ops.stack import setting

PACK = "policy"
VARIABLE = "MIMIR_POLICY_PACK"
"""Environment variable that names another pack than the project's own."""

PRODUCTION = "production"


def pack() -> str:
    """The folder of the pack."""
    return os.environ.get(VARIABLE) or str(Path(PACK).absolute())


def is_enforced(stack: str) -> bool:
    """Whether a violation stops a stack."""
    return setting(stack, "runtime") == PRODUCTION


def config(stack: str) -> str:
    """The file that says how strict the pack is with a stack."""
    strictness = "mandatory" if is_enforced(stack) else "advisory"
    return str((Path(PACK) / f"{strictness}.json").absolute())


def flags(stack: str) -> tuple[str, ...]:
    """What the CLI is told of the pack, for `preview` and `up`."""
    return ("--policy-pack", pack(), "--policy-pack-config", config(stack))
