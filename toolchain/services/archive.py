"""Writes an image into a file, in the layout of the OCI, for a container runtime to import."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolchain.services.layers import Layer
from toolchain.services.push import MANIFEST, digest_of, documents

INDEX = "application/vnd.oci.image.index.v1+json"


def write(file: Path, name: str, config: Mapping[str, Any], layers: Sequence[Layer]) -> None:
    """Write an image as an OCI archive, for a container runtime to import.

    Args:
        file: the archive to write.
        name: full name of the image, with its tag.
        config: the OCI image configuration without `rootfs`, which is computed from the layers.
        layers: the lowest first.
    """
    packed, manifest = documents(config, layers)
    entry = {
        "mediaType": MANIFEST,
        "digest": digest_of(manifest),
        "size": len(manifest),
        "annotations": {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name},
    }
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
    with tarfile.open(file, "w") as tar:
        _add(tar, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add(tar, "index.json", json.dumps(index).encode())
        for content in (packed, manifest, *(layer.file.read_bytes() for layer in layers)):
            _add(tar, f"blobs/{digest_of(content).replace(':', '/')}", content)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
