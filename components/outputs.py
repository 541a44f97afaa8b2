"""The stack's outputs, which `pulumi up` prints at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.image.application_image import ApplicationImage


def export(image: ApplicationImage, deployment: Mapping[str, pulumi.Input[Any]]) -> None:
    """Export the stack's outputs.

    Args:
        image: image that is deployed.
        deployment: outputs of the deployment on its platform, by name.
    """
    for name, value in deployment.items():
        pulumi.export(name, value)
    pulumi.export("image", image.ref)
    pulumi.export("digest", image.digest)
    if image.platforms:  # empty in development mode, which builds for the engine's platform only
        pulumi.export("platforms", list(image.platforms))
