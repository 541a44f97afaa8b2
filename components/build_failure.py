"""Why a build failed, in one message: the cause, what to do, and the compiler's own lines."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

import pulumi

from components import registry
from components.build_context import BuildContext
from components.settings import Settings

GOPROXY_VARIABLE = "MIMIR_BUILD_GOPROXY"
REPLAY_SECONDS = 300


def hook(
    name: str, settings: Settings, context: BuildContext, dockerfile: str, build_args: Mapping[str, str]
) -> pulumi.ErrorHook:
    """A hook that names the cause of a failed build, and does not retry."""

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        error = "\n".join(args.errors)
        cause = diagnose(error, settings)
        step = failed_step(_replay(settings, context, dockerfile, build_args)) if _is_step(error) else []
        if cause or step:
            pulumi.log.error("\n".join([cause or "A step of the build failed.", *(f"  {line}" for line in step)]))
        return False

    return pulumi.ErrorHook(f"{name}-build-failure", explain)


def diagnose(error: str, settings: Settings) -> str | None:
    """What to do about BuildKit's `error`, or None when its own words are the best there are."""
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


def _replay(settings: Settings, context: BuildContext, dockerfile: str, build_args: Mapping[str, str]) -> str:
    """Run the failing build once more, for its output; all that succeeded is cached, and nothing is exported.

    The provider loses the output: it closes the log before it has read it to the end (pulumi-docker-build 0.0.22,
    provider/internal/client.go, `tail`).
    """
    buildx = _buildx()
    if not buildx:
        return ""
    proxy = settings.image.go_proxy
    env = {**os.environ, **({GOPROXY_VARIABLE: proxy.get_secret_value()} if proxy else {})}
    command = [
        *buildx,
        "build",
        "--progress=plain",
        "--output=type=cacheonly",
        f"--platform={','.join(settings.image.platforms[:1])}",
        f"--file={dockerfile}",
        *([f"--builder={settings.image.builder}"] if settings.image.builder else []),
        *([f"--secret=id=goproxy,env={GOPROXY_VARIABLE}"] if proxy else []),
        *(f"--build-arg={name}={value}" for name, value in build_args.items()),
        str(context.path),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=REPLAY_SECONDS, env=env, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stderr


def _buildx() -> list[str]:
    """buildx, as Docker's plugin or by itself; an empty list where there is none."""
    if shutil.which("docker-buildx"):
        return ["docker-buildx"]
    if shutil.which("docker") and subprocess.run(["docker", "buildx", "version"], capture_output=True).returncode == 0:
        return ["docker", "buildx"]
    return []
