"""Steps that run on every update, and not in a preview."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi


def on_update(step: Callable[..., str], *inputs: pulumi.Input[Any]) -> pulumi.Output[str]:
    """Run a step of the update once its inputs are known.

    Args:
        step: called with the values of `inputs`; not called in a preview.
        inputs: the first one is the result in a preview.

    Returns:
        What `step` returns.
    """
    return pulumi.Output.all(*inputs).apply(
        lambda values: str(values[0]) if pulumi.runtime.is_dry_run() else step(*values)
    )
