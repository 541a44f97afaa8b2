"""Inputs of a build of the image, for the provider and for buildx."""

from __future__ import annotations

from datetime import UTC, datetime

from components.image.build_context import BuildContext
from components.settings import Settings

EXPORT = "oci-mediatypes=true,rewrite-timestamp=true"
"""Attributes of every export: with the same ones, the same inputs have the same digest wherever they are sent."""


def dockerfile(settings: Settings) -> str:
    """The Dockerfile, relative to the project."""
    return "container/Dockerfile.dev" if settings.live_reload else "container/Dockerfile"


def platforms(settings: Settings) -> tuple[str, ...]:
    """Platforms of the index; empty in development mode, which builds for the builder's own platform."""
    return () if settings.live_reload else settings.image.platforms


def build_args(settings: Settings, context: BuildContext) -> dict[str, str]:
    """The build arguments, none of which is secret."""
    return {
        "GO_IMAGE": settings.image.go_image,
        "BASE_IMAGE": settings.image.base_image,
        "PACKAGE": settings.source.package,
        # https://reproducible-builds.org/specs/source-date-epoch/: BuildKit takes every timestamp from it.
        "SOURCE_DATE_EPOCH": str(context.revision.epoch),
    }


def labels(context: BuildContext) -> dict[str, str]:
    """OCI image annotations (image-spec, annotations.md), as labels."""
    revision = context.revision
    result = {
        "org.opencontainers.image.title": "mimir",
        "org.opencontainers.image.version": context.version,
        "org.opencontainers.image.created": datetime.fromtimestamp(revision.epoch, UTC).isoformat(),
    }
    if revision.commit:
        result["org.opencontainers.image.revision"] = revision.commit + ("-dirty" if context.dirty else "")
    if revision.url:
        result["org.opencontainers.image.source"] = revision.url
    return result
