"""Requests as a client outside of the deployment makes them."""

from __future__ import annotations

from typing import Any

import requests

PATIENCE_SECONDS = 15
"""With a single replica the edge waits for its restart (`edge.retries`, `edge.timeouts.connectSeconds`)."""


def get(url: str, path: str, **how: Any) -> requests.Response:
    """GET, with a limit."""
    return requests.get(f"{url}{path}", **{"timeout": PATIENCE_SECONDS, **how})


def note(url: str, text: str, **how: Any) -> None:
    """Store a note in the sample, on its data volume."""
    answer = requests.post(f"{url}/api/v1/notes", json={"text": text}, **{"timeout": PATIENCE_SECONDS, **how})
    assert answer.status_code == 201


def notes(url: str, **how: Any) -> list[str]:
    """The notes that the sample has."""
    answer = get(url, "/api/v1/notes", **how)
    answer.raise_for_status()
    return [one["text"] for one in answer.json()["notes"]]


def manifest(ref: str) -> dict[str, Any]:
    """What the registry holds under `host/repository@digest` (distribution specification)."""
    host, rest = ref.split("/", 1)
    repository, digest = rest.split("@")
    kinds = "application/vnd.oci.image.index.v1+json,application/vnd.oci.image.manifest.v1+json"
    answer = requests.get(f"http://{host}/v2/{repository}/manifests/{digest}", headers={"Accept": kinds}, timeout=5)
    answer.raise_for_status()
    return dict(answer.json())


def blob(ref: str, digest: str) -> bytes:
    """A blob of the repository of `ref`."""
    host, rest = ref.split("/", 1)
    answer = requests.get(f"http://{host}/v2/{rest.split('@')[0]}/blobs/{digest}", timeout=10)
    answer.raise_for_status()
    return answer.content


def tags(address: str, repository: str) -> list[str]:
    """The tags that the registry has of a repository."""
    answer = requests.get(f"http://{address}/v2/{repository}/tags/list", timeout=5)
    return list(answer.json().get("tags") or []) if answer.ok else []
