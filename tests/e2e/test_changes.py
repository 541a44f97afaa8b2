"""What an update changes, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.sample import new_answer
from tests.support.e2e.stack import Stack, copy_project

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Iterator[Stack]:
    stack = new_stack()
    stack.up().ok()
    yield stack


def test_a_changed_setting_takes_effect_and_keeps_the_data(stack: Stack, engine: docker.DockerClient) -> None:
    before = stack.outputs()
    http.note(before["url"], "written before the change")
    stack.write(logging={"format": "json"}, environment={"logLevel": "WARN"})
    stack.up().ok()
    after = stack.outputs()
    shown = http.get(stack.behind(), "/api/v1/config").json()["logging"]
    assert (shown["level"], shown["format"]) == ("warn", "json")
    assert "written before the change" in http.notes(after["url"])
    assert after["digest"] == before["digest"]
    assert after["volumes"]["config"] != before["volumes"]["config"]
    assert before["volumes"]["config"] not in [volume.name for volume in engine.volumes.list()]


def test_a_setting_of_the_file_alone_takes_effect_and_is_taken_back(stack: Stack) -> None:
    """Nothing but what is mounted differs then, and the provider by itself would leave the old file mounted."""
    for form in ("text", "json"):
        stack.write(logging={"format": form})
        assert f"mimir-{stack.name}" in stack.up().ok().text
        assert http.get(stack.behind(), "/api/v1/config").json()["logging"]["format"] == form
        stack.up("--expect-no-changes").ok()


def test_a_limit_alone_takes_effect(stack: Stack, engine: docker.DockerClient) -> None:
    """Of the CPU in place, as the number of threads stays; of /tmp in a new container."""
    before = stack.outputs()["container"]
    edge = stack.outputs()["edge"]
    stack.write(limits={"cpus": 0.6}, edge={"cpus": 0.7})
    stack.up().ok()
    assert stack.outputs()["container"] == before
    assert engine.containers.get(before).attrs["HostConfig"]["CpuQuota"] == 60_000
    assert engine.containers.get(edge).attrs["HostConfig"]["CpuQuota"] == 70_000
    stack.write(limits={"tmpMib": 9})
    stack.up().ok()
    assert "size=9m" in engine.containers.get(stack.outputs()["container"]).attrs["HostConfig"]["Tmpfs"]["/tmp"]


def test_a_changed_probe_is_what_the_engine_asks_from_then_on(stack: Stack, engine: docker.DockerClient) -> None:
    """An engine takes a health check only with a new container; the provider reports a change and makes none."""
    stack.write(probe={"retries": 4})
    stack.up().ok()
    container = engine.containers.get(stack.outputs()["container"])
    assert container.attrs["Config"]["Healthcheck"]["Retries"] == 4


def test_new_code_is_built_and_runs(stack: Stack) -> None:
    before = stack.outputs()
    new_answer(stack.folder, "changed by a test")
    stack.up().ok()
    assert http.get(before["url"], "/api/v1/answer").json()["answer"] == "changed by a test"
    assert stack.outputs()["digest"] != before["digest"]
    stack.up("--expect-no-changes").ok()


def test_a_request_under_way_is_finished_when_the_container_is_replaced(stack: Stack) -> None:
    answers: list[int] = []

    def slow() -> None:
        answers.append(http.get(stack.outputs()["url"], "/api/v1/slow?seconds=8", timeout=20).status_code)

    request = threading.Thread(target=slow)
    request.start()
    stack.write(environment={"maxJobs": 7})
    stack.up().ok()
    request.join(timeout=30)
    assert answers == [200]


def test_a_preview_builds_and_has_no_side_effect(new_stack: NewStack, engine: docker.DockerClient) -> None:
    stack = new_stack(registry={"repository": "preview-only"})

    def everything() -> set[str]:
        names = {
            *(str(one.name) for one in engine.containers.list(all=True, ignore_removed=True)),
            *(str(one.name) for one in engine.volumes.list()),
            *(str(one.name) for one in engine.networks.list()),
        }
        # Stacks of tests that run at the same time come and go.
        return {name for name in names if stack.name in name or not name.startswith("mimir-e2e-")}

    before = everything()
    shown = stack.preview().ok()
    assert everything() == before
    assert http.tags("127.0.0.1:5000", "preview-only") == []
    assert "docker:index:Container" in shown.text
    (stack.folder / "sample/broken.go").write_text("package main\n\nfunc broken() int { return true }\n")
    assert "does not compile" in stack.preview().failed().text


def test_two_checkouts_under_different_umasks_are_one_image(new_stack: NewStack, tmp_path: Path) -> None:
    """One commit has one digest, whoever builds it, and the second checkout sees nothing to change."""
    origin = copy_project(tmp_path / "origin")
    run = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one commit"]):
        subprocess.run([*run, *arguments], cwd=origin, check=True)
    clones = []
    for name, umask in (("first", 0o022), ("second", 0o077)):
        previous = os.umask(umask)
        try:
            subprocess.run(["git", "clone", "-q", str(origin), str(tmp_path / name)], check=True)
        finally:
            os.umask(previous)
        clones.append(tmp_path / name)
    first = new_stack(folder=clones[0], backend=tmp_path / "state")
    first.up().ok()
    second = Stack(clones[1], first.name, first.config, first.backend)
    second.file.write_text(first.file.read_text())
    second.preview("--expect-no-changes").ok()
    # Every step anew: equal digests must come from equal results, not from the builder's cache.
    third = new_stack(folder=clones[1], registry={"repository": "again"}, image={"noCache": True})
    third.up().ok()
    assert third.outputs()["digest"] == first.outputs()["digest"]
