"""Development mode: a saved file is live in seconds, and a compile error takes nothing down."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.sample import new_answer
from tests.support.e2e.stack import Stack, eventually

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Iterator[Stack]:
    stack = new_stack(liveReload=True)
    stack.up().ok()
    yield stack


def answer(stack: Stack) -> str:
    """The constant that the tests edit, as the service gives it."""
    return str(
        http.get(f"http://127.0.0.1:{stack.config['environment']['port']}", "/api/v1/answer").json().get("answer")
    )


def test_a_saved_file_is_live(stack: Stack) -> None:
    new_answer(stack.folder, "saved once")
    eventually("the new answer", lambda: answer(stack) == "saved once", seconds=60)
    new_answer(stack.folder, "saved twice")
    eventually("the next answer", lambda: answer(stack) == "saved twice", seconds=60)


def test_a_compile_error_shows_in_the_log_and_the_last_good_build_serves(
    stack: Stack, engine: docker.DockerClient
) -> None:
    container = engine.containers.get(stack.outputs()["container"])
    broken = stack.folder / "sample/broken.go"
    broken.write_text('package main\n\nfunc broken() int { return "text" }\n')
    eventually("the error in the log", lambda: b"broken.go:3:28" in container.logs(), seconds=60)
    eventually("the last good build", lambda: answer(stack) == "saved twice", seconds=60)
    broken.unlink()
    new_answer(stack.folder, "mended")
    eventually("the mended build", lambda: answer(stack) == "mended", seconds=60)


def test_development_mode_is_hardened_too(stack: Stack, engine: docker.DockerClient) -> None:
    attributes = engine.containers.get(stack.outputs()["container"]).attrs
    assert attributes["HostConfig"]["ReadonlyRootfs"] and attributes["HostConfig"]["CapDrop"] == ["ALL"]
    assert attributes["Config"]["User"] == "65532:65532"
    assert {mount["Destination"]: mount["RW"] for mount in attributes["Mounts"]}["/src"] is False


def test_a_second_up_leaves_the_running_process_alone(stack: Stack) -> None:
    """The source is mounted: an edit is no reason for a new image or container."""
    stack.up("--expect-no-changes").ok()
