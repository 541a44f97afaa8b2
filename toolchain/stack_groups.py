"""Which groups of tools a stack needs, read from its file."""

from __future__ import annotations

import re

from toolchain.layout import Layout

PLATFORM = re.compile(r"""^\s+["']?mimir:platform["']?\s*:\s*["']?kubernetes["']?\s*(#.*)?$""", re.MULTILINE)
"""The toolchain runs before any library is installed, so it has no reader of YAML. A form of the setting that this does
not recognise costs a plugin that the CLI then asks for by itself."""

PRODUCTION = re.compile(r"""^\s+["']?mimir:runtime["']?\s*:\s*["']?production["']?\s*(#.*)?$""", re.MULTILINE)
DIGEST = re.compile(r"""^[^#]*\bdigest["']?\s*:\s*["']?sha256:""", re.MULTILINE)
"""Where these are not recognised, the deployment stops before it changes anything, and names the command to run."""


def groups(stack: str, layout: Layout, by_digest: bool = False) -> tuple[str, ...]:
    """The groups that `stack` needs besides the default ones.

    The kubernetes plugin takes minutes to build; production deploys a digest only after its signature is verified.

    Args:
        stack: name of the stack; one without a file needs nothing, and the command that follows says so.
        layout: the checkout.
        by_digest: whether this run deploys an image by its digest, whatever the stack says.
    """
    file = layout.project / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        return ()
    text = file.read_text(errors="replace")
    signed = PRODUCTION.search(text) and (by_digest or DIGEST.search(text))
    return (*(["kubernetes"] if PLATFORM.search(text) else []), *(["signature"] if signed else []))
