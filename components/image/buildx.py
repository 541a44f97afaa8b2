"""Runs buildx with the inputs of the provider's build, for its output or for its digest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.image import build_inputs
from components.image.build_context import BuildContext
from components.settings import Settings

GOPROXY_VARIABLE = "MIMIR_BUILD_GOPROXY"
BUILD_SECONDS = 1800
WITHOUT_PUSH = f"type=image,push=false,{build_inputs.EXPORT}"


class BuildError(Exception):
    """A build failed; the message is buildx's output."""


def program() -> list[str]:
    """buildx, as Docker's plugin or by itself; an empty list where there is none."""
    if shutil.which("docker-buildx"):
        return ["docker-buildx"]
    if shutil.which("docker") and subprocess.run(["docker", "buildx", "version"], capture_output=True).returncode == 0:
        return ["docker", "buildx"]
    return []


def run(
    settings: Settings,
    context: BuildContext,
    output: str,
    *flags: str,
    platforms: tuple[str, ...] | None = None,
    seconds: float = BUILD_SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Build `context` into `output` (a value of `--output`), for all of the settings' platforms or for `platforms`.

    The address of the module proxy may hold credentials, so it goes through the environment.

    Raises:
        BuildError: there is no buildx, or it has not ended after `seconds`.
    """
    buildx = program()
    if not buildx:
        raise BuildError("there is neither docker-buildx nor `docker buildx` on PATH; run: make tools")
    proxy = settings.image.go_proxy
    env = {**os.environ, **({GOPROXY_VARIABLE: proxy.get_secret_value()} if proxy else {})}
    selected_platforms = build_inputs.platforms(settings) if platforms is None else platforms
    command = [
        *buildx,
        "build",
        "--progress=plain",
        "--provenance=false",  # the provider adds none, and the digest must be the same
        f"--output={output}",
        f"--file={build_inputs.dockerfile(settings)}",
        *([f"--platform={','.join(selected_platforms)}"] if selected_platforms else []),
        *(["--no-cache"] if settings.image.no_cache else []),
        *([f"--builder={settings.image.builder}"] if settings.image.builder else []),
        *([f"--secret=id=goproxy,env={GOPROXY_VARIABLE}"] if proxy else []),
        *(f"--build-arg={name}={value}" for name, value in build_inputs.build_args(settings, context).items()),
        *(f"--label={name}={value}" for name, value in build_inputs.labels(context).items()),
        *flags,
        str(context.path),
    ]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=env, check=False)
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"buildx: not finished after {seconds:.0f} s") from error


@dataclass(frozen=True)
class Built:
    """The result of a build.

    Attributes:
        digest: of the index (of the manifest, in development mode): the one that an update pushes.
        materials: the images that went into it, as BuildKit records them: each with a `uri` and a `digest`.
    """

    digest: str
    materials: tuple[Mapping[str, Any], ...]


def build(settings: Settings, context: BuildContext, output: str = WITHOUT_PUSH) -> Built:
    """Build `context` into `output`, a value of `--output`, and say what went into it.

    Raises:
        BuildError: the build failed; the message ends with buildx's output.
    """
    metadata = _metadata(settings, context, output)
    materials = _materials(metadata)
    if not materials:
        # Before 0.35, buildx records no materials of a build for several platforms. Cached steps are not built again.
        for platform in build_inputs.platforms(settings):
            materials |= _materials(_metadata(settings, context, "type=cacheonly", (platform,)))
    return Built(str(metadata["containerimage.digest"]), tuple(materials[uri] for uri in sorted(materials)))


def digest_of(settings: Settings, context: BuildContext) -> str:
    """The digest that an update would push; nothing is pushed, and what is cached is not built again.

    Raises:
        BuildError: the build failed.
    """
    return str(_metadata(settings, context, WITHOUT_PUSH)["containerimage.digest"])


def _metadata(
    settings: Settings, context: BuildContext, output: str, platforms: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """The metadata that buildx writes about a build."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "metadata.json"
        process = run(settings, context, output, f"--metadata-file={file}", platforms=platforms)
        if process.returncode != 0:
            raise BuildError(process.stderr.strip())
        return dict(json.loads(file.read_text()))


def _materials(metadata: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The images that went into a build, by their URI: one provenance for each platform, or one without a platform."""
    provenances = [value for name, value in metadata.items() if name.startswith("buildx.build.provenance")]
    return {material["uri"]: material for provenance in provenances for material in provenance.get("materials", [])}
