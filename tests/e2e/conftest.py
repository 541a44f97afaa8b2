"""The stacks that the end-to-end tests share, and what they need of the machine."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.stack import QUICK_PROBE, Stack, copy_project, free_port

NewStack = Callable[..., Stack]


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    """The Docker engine, seen from outside the program."""
    return docker.from_env()


@pytest.fixture(scope="module")
def new_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewStack]:
    """Makes stacks in folders of their own, and removes them with everything that they left."""
    made: list[Stack] = []

    def make(folder: Path | None = None, backend: Path | None = None, **config: Any) -> Stack:
        name = f"e2e-{secrets.token_hex(3)}"
        base = tmp_path_factory.mktemp(name)
        quick = {"probe": QUICK_PROBE, "environment": {"port": free_port()}}
        stack = Stack(
            folder=folder or copy_project(base / "project"),
            name=name,
            config={**quick, **config},
            backend=backend or base / "state",
        )
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.remove()
