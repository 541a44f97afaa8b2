"""What `pulumi up` prints at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.image.application_image import ApplicationImage


def export(image: ApplicationImage, deployment: Mapping[str, pulumi.Input[Any]]) -> None:
    """Export the stack's outputs: the image's, and those of the deployment on its platform."""
    for name, value in deployment.items():
        pulumi.export(name, value)
    pulumi.export("image", image.ref)
    pulumi.export("digest", image.digest)
    if image.platforms:  # development mode has the engine's own only
        pulumi.export("platforms", list(image.platforms))
