"""Suggests what to do after a failure, if its cause does not say so."""

from __future__ import annotations

import re

FIX = re.compile(r"^\s*fix[:\s]", re.MULTILINE)
"""Start of the line with the fix, in the program's errors and in policy violations."""

DAMAGED = (
    "The state of stack {stack} is damaged; what is running is not affected. Copy the newest file of "
    ".pulumi/backups/mimir/{stack}/ over .pulumi/stacks/mimir/{stack}.json (docs/state.md), then: "
    "make preview STACK={stack}"
)

STEPS = {
    "is currently locked": (
        "Another update is running. Wait until it ends; or, if it was killed: pulumi cancel --yes {stack}"
    ),
    "update canceled": "Run the same command again: it continues where this one stopped.",
    "incorrect passphrase": (
        "The stack file was encrypted with another passphrase. Write that one to .passphrase, or set "
        "PULUMI_CONFIG_PASSPHRASE_FILE to its file."
    ),
    "unexpected end of JSON input": DAMAGED,
    "failed to load checkpoint": DAMAGED,
    "no space left on device": (
        "Free space on the disk that the error names, of this machine or of the engine (docker system df), and run the "
        "same command again. If it was the disk with the state (.pulumi): make refresh STACK={stack}"
    ),
    'no builder "': "docker buildx ls lists the builders: set mimir:image.builder to one of them, or: make tools",
}
"""What to do, by a part of the cause; `{stack}` is the stack's name."""

AGAIN = "Fix the cause and run the same command again: it continues where this one stopped."


def next_step(cause: str, stack: str, *, has_begun: bool) -> str | None:
    """What to do after a failure; None if `cause` says so itself.

    Args:
        cause: the errors, as displayed.
        stack: name of the stack.
        has_begun: whether the update has started, and may have changed something.
    """
    for part, step in STEPS.items():
        if part in cause:
            return step.format(stack=stack)
    return AGAIN if has_begun and not FIX.search(cause) else None
