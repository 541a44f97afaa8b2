"""Reads an image out of an OCI layout, and checks every part of it against its digest (image-spec, image-layout.md)."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.image.attestations import INDEX_TYPES
from ops.supply.tool import CannotWork

WHITEOUT = ".wh."


@dataclass(frozen=True)
class PlatformImage:
    """The image of one platform.

    Attributes:
        platform: such as linux/amd64.
        digest: of its manifest.
        layers: digests of its layers, lowest first.
        labels: of its configuration.
    """

    platform: str
    digest: str
    layers: tuple[str, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Layout:
    """A folder with one image in it.

    Attributes:
        folder: where it is.
        digest: of the image: its index, or its only manifest.
    """

    folder: Path
    digest: str

    @classmethod
    def open(cls, folder: Path) -> Layout:
        """The layout in `folder`.

        Raises:
            CannotWork: there is none, or it does not hold exactly one image.
        """
        try:
            held = json.loads((folder / "index.json").read_text())["manifests"]
        except (OSError, ValueError, KeyError) as error:
            raise CannotWork(
                f"{folder} is no OCI layout ({error}); `python -m ops build --layout` makes one"
            ) from error
        if len(held) != 1:
            raise CannotWork(f"{folder} holds {len(held)} images, and has to hold one")
        return cls(folder, held[0]["digest"])

    def images(self) -> list[PlatformImage]:
        """The image of each platform.

        Raises:
            CannotWork: a part is missing, or is not what its digest says.
        """
        document = self._document(self.digest)
        if document.get("mediaType") not in INDEX_TYPES and "manifests" not in document:
            return [self._image(self.digest)]
        return [self._image(manifest["digest"]) for manifest in document["manifests"]]

    def files(self, image: PlatformImage) -> Mapping[str, bytes]:
        """The regular files of an image by path, with later layers over earlier ones.

        Raises:
            CannotWork: a layer is missing, damaged, or compressed in a way that is not known here.
        """
        files: dict[str, bytes] = {}
        for layer in image.layers:
            self._blob(layer)
            try:
                _apply_layer(files, self._path(layer))
            except tarfile.TarError as error:
                raise CannotWork(f"layer {layer} cannot be read: {error}") from error
        return files

    def _image(self, digest: str) -> PlatformImage:
        manifest = self._document(digest)
        config = self._document(manifest["config"]["digest"])
        return PlatformImage(
            platform=f"{config['os']}/{config['architecture']}",
            digest=digest,
            layers=tuple(layer["digest"] for layer in manifest["layers"]),
            labels=config.get("config", {}).get("Labels") or {},
        )

    def _document(self, digest: str) -> Any:
        return json.loads(self._blob(digest))

    def _blob(self, digest: str) -> bytes:
        try:
            content = self._path(digest).read_bytes()
        except OSError as error:
            raise CannotWork(f"{self.folder} lacks {digest}") from error
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            raise CannotWork(f"{self._path(digest)} is not what its name says: the layout is damaged")
        return content

    def _path(self, digest: str) -> Path:
        return self.folder / "blobs" / digest.replace(":", "/", 1)


def _apply_layer(files: dict[str, bytes], layer: Path) -> None:
    """Apply a layer to `files`: add and delete files (OCI image-spec, layer.md, «Whiteouts»)."""
    with tarfile.open(layer) as archive:
        for name, content in _entries(archive):
            folder, _, base = name.rpartition("/")
            if not base.startswith(WHITEOUT):
                files[name] = content
                continue
            hidden = f"{folder}/{base.removeprefix(WHITEOUT)}".lstrip("/")
            below = f"{folder}/" if base == ".wh..wh..opq" and folder else f"{hidden}/"
            for old in [old for old in files if old == hidden or old.startswith(below)]:
                del files[old]


def _entries(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for entry in archive:
        source = archive.extractfile(entry) if entry.isreg() or entry.islnk() else None
        if source:
            yield entry.name.removeprefix("./").lstrip("/"), source.read()
