"""What becomes of the image, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ops.report.change import Change
from ops.report.preview_events import PROGRAM, Observed

IMAGE = "docker-build:index:Image"
REFERENCE = re.compile(r"@sha256:[0-9a-f]{64}$")


def describe(observed: Observed, changes: Sequence[Change], built: Callable[[], str | None]) -> str:
    """What happens to the image.

    Args:
        observed: the preview; a failed preview may have built nothing.
        changes: the changes of resources.
        built: returns the digest of the built image; called only when an image was built.
    """
    before = next(
        (_reference(result.old.outputs) for result in observed.results if result.type == PROGRAM and result.old), ""
    )
    rebuilt = any(change.type == IMAGE and change.kind != "delete" for change in changes)
    # While an image is built, the engine shows the previous outputs.
    after = "" if rebuilt else _reference(observed.outputs)
    if not rebuilt and not after:
        return f"as it is, `{before}`" if before else "none yet"
    if not rebuilt and before in ("", after):
        return f"not rebuilt, `{after}`"
    if not rebuilt:
        return f"given, `{after}`, in place of `{before}`"
    if any(urn.split("::")[2].endswith(IMAGE) for urn, _ in observed.errors if urn):
        return "**does not build**"
    digest = built()
    new = f"`{digest}`" if digest else "its digest is known after the push"
    if digest and before.endswith(digest):
        return f"rebuilt, with the same result: {new}"
    return f"rebuilt, {new}" + (f", in place of `{before}`" if before else "") + "; nothing was pushed"


def _reference(outputs: object) -> str:
    """The image in a stack's outputs; empty while it is not known."""
    reference = outputs.get("image") if isinstance(outputs, dict) else None
    return reference if isinstance(reference, str) and REFERENCE.search(reference) else ""
