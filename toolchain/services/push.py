"""Pushes an image to the registry on loopback, by the OCI distribution protocol."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Mapping, Sequence
from typing import IO, Any
from urllib.parse import urlsplit

from toolchain.services.layers import Layer

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
SECONDS = 120.0


class Repository:
    """One repository of a registry that speaks plain HTTP. Every method raises OSError when it is refused."""

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._name = name

    def labels(self, tag: str) -> Mapping[str, str]:
        """The labels of an image; empty when there is none under that tag."""
        status, manifest, _ = self._ask("GET", f"manifests/{tag}", headers={"Accept": MANIFEST})
        if status != 200:
            return {}
        digest = json.loads(manifest)["config"]["digest"]
        status, config, _ = self._ask("GET", f"blobs/{digest}")
        labels: dict[str, str] = json.loads(config).get("config", {}).get("Labels", {}) if status == 200 else {}
        return labels

    def push(self, tag: str, config: Mapping[str, Any], layers: Sequence[Layer]) -> None:
        """Push an image.

        Args:
            tag: of the image.
            config: the OCI image configuration without `rootfs`.
            layers: the lowest first; those that the registry has are not sent again.

        Raises:
            OSError: the registry does not answer, or rejects the image.
        """
        for layer in layers:
            with layer.file.open("rb") as content:
                self._push_blob(layer.digest, layer.size, content)
        packed, manifest = documents(config, layers)
        self._push_blob(digest_of(packed), len(packed), packed)
        self._expect(201, "PUT", f"manifests/{tag}", manifest, {"Content-Type": MANIFEST})

    def _push_blob(self, digest: str, size: int, content: bytes | IO[bytes]) -> None:
        if self._ask("HEAD", f"blobs/{digest}")[0] == 200:
            return
        headers = self._expect(202, "POST", "blobs/uploads/", b"", {})
        address = urlsplit(headers["Location"])
        query = f"{address.query}&digest={digest}" if address.query else f"digest={digest}"
        length = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        self._expect(201, "PUT", f"{address.path}?{query}", content, length)

    def _expect(
        self, status: int, method: str, path: str, body: bytes | IO[bytes], headers: Mapping[str, str]
    ) -> http.client.HTTPMessage:
        found, text, answer_headers = self._ask(method, path, body, headers)
        if found != status:
            raise OSError(f"{method} {path}: the registry at {self._address} answered {found}: {text[:200]!r}")
        return answer_headers

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | IO[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """A path without a leading slash is the repository's."""
        request_path = path if path.startswith("/") else f"/v2/{self._name}/{path}"
        connection = http.client.HTTPConnection(self._address, timeout=SECONDS)
        try:
            connection.request(method, request_path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers
        except http.client.HTTPException as error:
            raise OSError(f"{self._address} does not speak HTTP: {error}") from error
        finally:
            connection.close()


def documents(config: Mapping[str, Any], layers: Sequence[Layer]) -> tuple[bytes, bytes]:
    """The configuration and the manifest of an image.

    Args:
        config: the OCI image configuration without `rootfs`, which is computed from the layers.
        layers: the lowest first.

    Returns:
        Both as JSON: configuration, manifest.
    """
    root = {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}
    packed = json.dumps({**config, "rootfs": root}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest_of(packed), "size": len(packed)},
        "layers": [{"mediaType": LAYER, "digest": layer.digest, "size": layer.size} for layer in layers],
    }
    return packed, json.dumps(manifest).encode()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
