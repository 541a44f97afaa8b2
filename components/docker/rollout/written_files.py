"""The files that a deployment has written into a volume: detect whether they were lost or changed, and restore them.

Pulumi's state contains the volume and the container that copied the files into it, but not the files. A process reads
them when it starts, so a loss would become visible only after the next restart.
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
"""Permissions of each file, the same as those of the carriers' uploads."""


def restore(container: Container, volume: str, folder: str, texts: Mapping[str, str]) -> bool:
    """Write all files again if one of them is missing or was changed.

    Args:
        container: a container with the volume, mounted read-only; it need not run.
        volume: the engine's name of the volume.
        folder: mount path of the volume.
        texts: contents of the files, by file name.

    Returns:
        Whether the files were written again.

    Raises:
        DockerException: when the engine does not answer, or cannot write.
    """
    present = _read_files(container, folder)
    lost = sorted(name for name, text in texts.items() if present.get(name) != text.encode())
    if not lost:
        return False
    assert container.client
    # A container that is never started. The others mount the volume read-only, so that the engine refuses to write.
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
    pulumi.log.warn(f"Volume {volume} had lost files, and they are restored: {', '.join(lost)}.")
    return True


def _read_files(container: Container, folder: str) -> dict[str, bytes]:
    """Contents of the files in a folder of a container, by file name; empty if the folder does not exist."""
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
    """A tar archive of world-readable files that belong to root."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in sorted(texts.items()):
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), MODE
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
