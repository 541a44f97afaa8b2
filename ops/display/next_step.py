"""What to do after a failure, where its cause does not say it."""

from __future__ import annotations

import re

FIX = re.compile(r"^\s*fix[:\s]", re.MULTILINE)
"""How the program's errors and the policies begin the line with the command that mends them."""

DAMAGED = (
    "The state of stack {stack} is damaged; what runs goes on. Copy the newest file of .pulumi/backups/mimir/{stack}/ "
    "over .pulumi/stacks/mimir/{stack}.json (docs/state.md), then: make preview STACK={stack}"
)

KNOWN = {
    "is currently locked": "Another update runs. Wait for it; or, if it was killed: pulumi cancel --yes {stack}",
    "update canceled": "Run the same command again: it continues where this one stopped.",
    "incorrect passphrase": (
        "The stack file was encrypted with another passphrase. Write that one to .passphrase, or name its file in "
        "PULUMI_CONFIG_PASSPHRASE_FILE."
    ),
    "unexpected end of JSON input": DAMAGED,
    "failed to load checkpoint": DAMAGED,
    "no space left on device": (
        "Make room on the disk that the error names, of this machine or of the engine (docker system df), and run the "
        "same command again. If it was the state's disk (.pulumi): make refresh STACK={stack}"
    ),
    'no builder "': "docker buildx ls lists the builders: set mimir:image.builder to one of them, or: make tools",
}
"""What to do by a part of the cause; `{stack}` is the stack's name."""

AGAIN = "Fix the cause and run the same command again: it continues where this one stopped."


def next_step(cause: str, stack: str, *, has_begun: bool) -> str | None:
    """What to do; None if `cause` says it itself.

    Args:
        cause: the errors, as they are shown.
        stack: name of the stack.
        has_begun: whether the update has begun, and so may have changed something.
    """
    for part, step in KNOWN.items():
        if part in cause:
            return step.format(stack=stack)
    return AGAIN if has_begun and not FIX.search(cause) else None
