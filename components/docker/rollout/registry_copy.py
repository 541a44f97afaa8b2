"""Whether the registry still has the running image. The engine has a copy, so a loss would go unnoticed."""

from __future__ import annotations

import pulumi

from components.image import prebuilt_image
from components.settings import Settings


def warn_if_missing(settings: Settings, ready: str, reference: str) -> str:
    """Warn if the registry no longer has an image. A registry that does not answer causes no warning.

    Args:
        settings: settings of the stack.
        ready: the value to return.
        reference: reference of the image, with its digest.

    Returns:
        `ready`, unchanged.
    """
    digest = reference.rpartition("@")[2]
    if prebuilt_image.is_missing(settings, digest):
        stack = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}"
        urn = f"{stack}::mimir:image:ApplicationImage$docker-build:index:Image::mimir"
        pulumi.log.warn(
            f"{reference} runs, but the registry does not have it any more: another engine cannot pull it. If it was "
            f"built here, this builds and pushes it again: pulumi up --replace '{urn}'"
        )
    return ready
