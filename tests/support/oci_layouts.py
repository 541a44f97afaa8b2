"""Makes OCI layouts, for what reads them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PROGRAM = b"\x7fELF ... \xff Go buildinf: ..."
"""What a Go program begins with, and has in it."""

Files = Mapping[str, bytes]


def blob(folder: Path, content: bytes) -> str:
    """Put a blob into the layout; its digest."""
    name = hashlib.sha256(content).hexdigest()
    (folder / "blobs/sha256").mkdir(parents=True, exist_ok=True)
    (folder / "blobs/sha256" / name).write_bytes(content)
    return f"sha256:{name}"


def layer(*entries: tuple[str, bytes]) -> bytes:
    """A compressed layer."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def make(folder: Path, *layers: Files, platforms: Sequence[str] = ("linux/amd64", "linux/arm64")) -> str:
    """A layout with the same files for every platform; the digest of its index."""
    digests = [blob(folder, layer(*files.items())) for files in layers]
    manifests = [_manifest(folder, platform, digests) for platform in platforms]
    index = _document(folder, {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests})
    (folder / "index.json").write_text(json.dumps({"manifests": [{"digest": index}]}))
    return index


def _manifest(folder: Path, platform: str, layers: Sequence[str]) -> dict[str, Any]:
    system, architecture = platform.split("/")
    labels = {"org.opencontainers.image.title": "mimir", "org.opencontainers.image.version": "1.2.3"}
    config = {"os": system, "architecture": architecture, "config": {"Labels": labels}}
    manifest = {"config": {"digest": _document(folder, config)}, "layers": [{"digest": one} for one in layers]}
    return {"digest": _document(folder, manifest), "platform": {"os": system, "architecture": architecture}}


def _document(folder: Path, document: Mapping[str, Any]) -> str:
    return blob(folder, json.dumps(document).encode())
