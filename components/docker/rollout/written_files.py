"""The files that a deployment has written into a volume: whether they are still there, and as they were written.

Pulumi knows of the volume and of the container that carried the files into it, and not of the files. A process reads
them when it starts, so a loss would show after the next restart only.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import PurePosixPath

import pulumi
from docker.errors import NotFound
from docker.models.containers import Container
from docker.types import Mount

from components.docker.labels import DEPLOYMENT

MODE = 0o444
"""Permissions of each file, as of those that the carriers have written."""


def restore(container: Container, volume: str, folder: str, texts: Mapping[str, str]) -> bool:
    """Write every file again if one of them is missing or was changed, and return whether that was so.

    Args:
        container: that has the volume mounted, read-only; it needs not run.
        volume: name of the volume.
        folder: where it is mounted.
        texts: by file name.

    Raises:
        DockerException: when the engine does not answer, or cannot write.
    """
    present = _read(container, folder)
    lost = sorted(name for name, text in texts.items() if present.get(name) != text.encode())
    if not lost:
        return False
    assert container.client
    # A container that never starts, because the others mount the volume read-only, and an engine then refuses to write.
    carrier = container.client.containers.create(
        container.attrs["Image"],
        entrypoint=["/never-started"],
        labels={DEPLOYMENT: container.labels[DEPLOYMENT]},
        mounts=[Mount(folder, volume, type="volume", no_copy=True)],
        network_mode="none",
    )
    try:
        carrier.put_archive(folder, _archive(texts))
    finally:
        carrier.remove(force=True)
    pulumi.log.warn(f"Volume {volume} has lost its content, and has it again: {', '.join(lost)}.")
    return True


def _read(container: Container, folder: str) -> dict[str, bytes]:
    """The files in a folder of a container, by name; none where there is no such folder."""
    try:
        stream, _ = container.get_archive(folder)
    except NotFound:
        return {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        return {
            PurePosixPath(member.name).name: content.read()
            for member in archive
            if len(PurePosixPath(member.name).parts) == 2 and (content := archive.extractfile(member))
        }


def _archive(texts: Mapping[str, str]) -> bytes:
    """A tar archive of files that belong to root and that everybody may read."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in sorted(texts.items()):
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), MODE
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
