"""Explains why a build failed: the cause, the fix, and the compiler's own lines, in one message."""

from __future__ import annotations

import re

import pulumi

from components.image import buildx, registry
from components.image.build_context import BuildContext
from components.settings import Settings

REPLAY_SECONDS = 300


def hook(name: str, settings: Settings, context: BuildContext) -> pulumi.ErrorHook:
    """A hook that logs the cause of a failed build, and does not retry.

    Args:
        name: name of the image resource.
        settings: settings of the stack.
        context: the build context, with which the failed step is repeated for its output.
    """

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        error = "\n".join(args.errors)
        cause = diagnose(error, settings)
        step = failed_step(_replay(settings, context)) if _is_step(error) else []
        if cause or step:
            pulumi.log.error("\n".join([cause or "A step of the build failed.", *(f"  {line}" for line in step)]))
        return False

    return pulumi.ErrorHook(f"{name}-build-failure", explain)


def diagnose(error: str, settings: Settings) -> str | None:
    """What to do about BuildKit's `error`, or None when the error itself is the best explanation."""
    repository = registry.repository(settings.registry)
    causes = (
        (r"go mod download", "The source's modules cannot be had: check mimir:image.goProxy and the source's go.sum."),
        (r"go build", f"The source at {settings.source.location} does not compile:"),
        (
            r"failed to resolve source metadata|load metadata",
            f"A base image cannot be had: check mimir:image.goImage ({settings.image.go_image}) and "
            f"mimir:image.baseImage ({settings.image.base_image}), or name a mirror's.",
        ),
        (
            r"(push|authorize|token).*(\b401\b|\b403\b|unauthorized|authentication required|denied)",
            f"The registry refused the push to {repository}: "
            "check mimir:registry.username and mimir:registry.password.",
        ),
        (
            r"push.*(\b5\d\d\b|no space left)",
            f"The registry {settings.registry.address} answered, but could not store the image: is its disk full?",
        ),
        (
            r"failed to push",
            f"The registry {settings.registry.address} could not be reached for the push: "
            "check mimir:registry.address.",
        ),
    )
    return next((cause for pattern, cause in causes if re.search(pattern, error, re.IGNORECASE)), None)


def failed_step(output: str) -> list[str]:
    """What the failed step printed, from buildx's plain output, which repeats it between two rules at the end."""
    blocks = re.findall(r"^------\n > [^\n]*\n(.*?)^------$", output, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^\d+\.\d+ ", "", line) for line in blocks[-1].splitlines()] if blocks else []


def _is_step(error: str) -> bool:
    return "did not complete successfully" in error


def _replay(settings: Settings, context: BuildContext) -> str:
    """Run the failing build again for its output. The steps that succeeded are cached, and nothing is exported.

    The provider loses the output: it closes the log before it has read it to the end (pulumi-docker-build 0.0.22,
    provider/internal/client.go, `tail`).
    """
    first = settings.image.platforms[:1]
    try:
        return buildx.run(settings, context, "type=cacheonly", platforms=first, seconds=REPLAY_SECONDS).stderr
    except buildx.BuildError:
        return ""
