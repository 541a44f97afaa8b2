"""Why a build failed, in one message, from what BuildKit says."""

from __future__ import annotations

import re

import pulumi

from components import registry
from components.settings import Settings


def hook(name: str, settings: Settings) -> pulumi.ErrorHook:
    """A hook that names the cause of a failed build, and does not retry."""

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        cause = diagnose("\n".join(args.errors), settings)
        if cause:
            pulumi.log.error(cause)
        return False

    return pulumi.ErrorHook(f"{name}-build-failure", explain)


def diagnose(error: str, settings: Settings) -> str | None:
    """What to do about BuildKit's `error`, or None when its own words are the best there are."""
    repository = registry.repository(settings.registry)
    causes = (
        (
            r"go build|go mod download",
            f"The source at {settings.source.location} does not compile; the compiler's lines are above. "
            f"The same outside the image: (cd {settings.source.location} && go build {settings.source.package})",
        ),
        (
            r"401|unauthorized|authentication required|denied",
            f"The registry refused the push to {repository}: "
            "check mimir:registry.username and mimir:registry.password.",
        ),
        (
            r"failed to push|connection refused|no such host|i/o timeout",
            f"The registry {settings.registry.address} could not be reached for the push: "
            "check mimir:registry.address.",
        ),
        (
            r"failed to resolve source metadata|load metadata",
            f"A base image cannot be had: check mimir:image.goImage ({settings.image.go_image}) and "
            f"mimir:image.baseImage ({settings.image.base_image}), or name a mirror's.",
        ),
    )
    return next((cause for pattern, cause in causes if re.search(pattern, error, re.IGNORECASE)), None)
