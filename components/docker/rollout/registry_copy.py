"""Whether the registry still has the image that runs. The engine has a copy, so nothing else would show a loss."""

from __future__ import annotations

import pulumi

from components.image import prebuilt_image
from components.settings import Settings


def check(settings: Settings, ready: str, reference: str) -> str:
    """Warn if the registry does not have an image any more; one that does not answer is no reason to.

    Args:
        settings: the stack's.
        ready: returned.
        reference: of the image, by its digest.
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
