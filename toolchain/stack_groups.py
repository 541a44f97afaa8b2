"""Which groups of tools a stack needs, read from its file."""

from __future__ import annotations

import re

from toolchain.layout import Layout

PLATFORM = re.compile(r"""^\s+["']?mimir:platform["']?\s*:\s*["']?kubernetes["']?\s*(#.*)?$""", re.MULTILINE)
"""The toolchain runs before any library is installed, so it has no reader of YAML. A form of the setting that this does
not recognise costs a plugin that the CLI then asks for by itself."""


def groups(stack: str, layout: Layout) -> tuple[str, ...]:
    """The groups that `stack` needs besides the default ones: the kubernetes plugin, which takes minutes to build.

    Args:
        stack: name of the stack; one without a file needs nothing, and the command that follows says so.
        layout: the checkout.
    """
    file = layout.project / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        return ()
    return ("kubernetes",) if PLATFORM.search(file.read_text(errors="replace")) else ()
