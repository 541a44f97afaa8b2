"""Stacks of the bench's own, and everything that they leave removed at the end."""

from __future__ import annotations

import contextlib
import secrets
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import docker
import requests
from docker.errors import APIError

from tests.support.e2e import http
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import QUICK_PROBE, Stack, copy_project

REGISTRY = "127.0.0.1:5000"
REPOSITORY = "mimir-bench"
EMPTY_PROGRAM = "name: empty\nruntime:\n  name: python\n  options:\n    toolchain: pip\n    virtualenv: .venv\n"


class Lab:
    """A folder with copies of the project, and the stacks that were made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cleanup = contextlib.ExitStack()
        self.engine = docker.from_env()

    def __enter__(self) -> Lab:
        self.cleanup.callback(_forget_images, self.engine)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cleanup.close()

    def stack(self, purpose: str, env: dict[str, str] | None = None, **config: Any) -> Stack:
        """A stack of a fresh copy of the project, with a port and a repository of its own.

        Without an edge, unless `config` says otherwise: what it is compared with has none.
        """
        name = f"bench-{purpose}-{secrets.token_hex(2)}"
        base = self.folder / name
        own: dict[str, Any] = {
            "probe": QUICK_PROBE,
            "environment": {"port": free_port()},
            "registry": {"repository": REPOSITORY},
        }
        own["edge"] = {"kind": "none"}
        stack = Stack(copy_project(base / "project"), name, {**own, **config}, base / "state", env or {})
        self.cleanup.callback(stack.remove)
        return stack

    @cached_property
    def empty(self) -> Stack:
        """A deployed stack of a program that does nothing: what Pulumi itself takes."""
        base = self.folder / "empty"
        (base / "project").mkdir(parents=True)
        (base / "project/Pulumi.yaml").write_text(EMPTY_PROGRAM)
        (base / "project/__main__.py").touch()
        stack = Stack(base / "project", "bench-empty", {}, base / "state")
        stack.up().ok()
        return stack

    @cached_property
    def sample(self) -> Stack:
        """The sample, deployed with the default settings."""
        stack = self.stack("sample")
        stack.up().ok()
        return stack


def edit(file: Path, answer: str) -> None:
    """Change one line of the sample's source: the text that `GET /api/v1/answer` gives."""
    before, constant, after = file.read_text().partition("const answer = ")
    file.write_text(f'{before}{constant}"{answer}"\n' + after.partition("\n")[2])


def _forget_images(engine: docker.DockerClient) -> None:
    """Take the bench's images from the engine and its manifests from the registry, where that allows it."""
    for image in engine.images.list(name=f"{REGISTRY}/{REPOSITORY}"):
        for ref in image.attrs["RepoDigests"]:
            if ref.startswith(f"{REGISTRY}/{REPOSITORY}@"):
                with contextlib.suppress(APIError):
                    engine.images.remove(ref)
    for tag in http.tags(REGISTRY, REPOSITORY):
        address = f"http://{REGISTRY}/v2/{REPOSITORY}/manifests/"
        accept = {"Accept": "application/vnd.oci.image.index.v1+json,application/vnd.oci.image.manifest.v1+json"}
        digest = requests.head(address + tag, headers=accept, timeout=5).headers.get("Docker-Content-Digest")
        if digest:
            requests.delete(address + digest, timeout=5)
