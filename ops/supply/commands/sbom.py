"""Write a software bill of materials (CycloneDX) for each platform of an image."""

from __future__ import annotations

import argparse
from pathlib import Path

from ops.supply import bom, evidence, image
from ops.supply.layout import Layout

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `sbom` takes."""
    image.add(parser)
    evidence.add(parser, required=True)


def run(arguments: argparse.Namespace) -> int:
    """Write one file for each platform."""
    with image.opened(arguments) as layout:
        write(layout, arguments.evidence)
    return 0


def write(layout: Layout, folder: Path) -> None:
    """Write the bill of materials of each platform's image into `folder`.

    Raises:
        CannotWork: an image holds something that cannot be described, or the tool breaks.
    """
    for platform_image in layout.images():
        document = bom.describe_image(layout, platform_image)
        file = file_of(platform_image.platform)
        evidence.write(folder, file, document)
        count = len(document["components"])
        print(f"{platform_image.platform} {platform_image.digest}: {count} components in {folder / file}")


def file_of(platform: str) -> str:
    """The file's name for a platform such as linux/amd64."""
    return f"sbom-{platform.replace('/', '-')}.cdx.json"
