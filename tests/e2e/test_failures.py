"""What goes wrong, what it says, and what it leaves behind."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import docker
import pytest
import requests

from tests.e2e import http
from tests.e2e.conftest import NewStack
from tests.e2e.stack import Stack, eventually, free_port, kill_group

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Stack:
    """A stack that was never deployed."""
    return new_stack()


@pytest.fixture(scope="module")
def running(new_stack: NewStack) -> Stack:
    """A stack that is deployed and healthy."""
    stack = new_stack()
    stack.up().ok()
    return stack


def nothing_of(stack: Stack, engine: docker.DockerClient) -> bool:
    """Whether the engine has nothing of the stack."""
    mine = {"label": f"io.mimir.deployment=mimir-{stack.name}"}
    return not (engine.containers.list(all=True, filters=mine) or engine.volumes.list(filters=mine))


def test_bad_settings_are_all_named_and_nothing_is_created(new_stack: NewStack, engine: docker.DockerClient) -> None:
    stack = new_stack(runtime="production", limits={"memoryMib": 1}, prob={"path": "/"})
    stack.write(environment={"logLevel": "LOUD", "port": 80})
    text = stack.up().failed().text
    for key in ("limits.memoryMib", "prob", "environment.logLevel", "environment.port"):
        assert f"mimir:{key}" in text
    assert "4 problems" in text and "Traceback" not in text
    assert "pulumi config set --path 'mimir:environment.logLevel' INFO" in text
    assert nothing_of(stack, engine)


def test_an_engine_that_is_down(stack: Stack, engine: docker.DockerClient) -> None:
    stack.env["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    text = stack.up().failed().text
    stack.env.clear()
    assert "no Docker engine answers at unix:///nowhere/docker.sock" in text and "Traceback" not in text
    assert nothing_of(stack, engine)


def test_a_registry_that_is_away(stack: Stack, engine: docker.DockerClient) -> None:
    stack.write(registry={"address": f"127.0.0.1:{free_port()}"})
    text = stack.up().failed().text
    stack.write(registry={"address": "127.0.0.1:5000"})
    assert "no registry answers" in text and "mimir:registry.address" in text and "Traceback" not in text
    assert nothing_of(stack, engine)


def test_a_commit_that_does_not_exist(stack: Stack, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "empty")], check=True)
    stack.write(source={"location": f"file://{tmp_path}/empty", "commit": "0" * 40})
    text = stack.up().failed().text
    stack.write(source={"location": "./sample", "commit": None})
    assert "mimir:source.commit" in text and "Traceback" not in text


def test_a_compile_error_shows_the_compilers_lines_and_the_old_process_serves(running: Stack) -> None:
    broken = running.folder / "sample/broken.go"
    broken.write_text('package main\n\nfunc broken() int { return "text" }\n')
    text = running.up().failed().text
    broken.unlink()
    assert re.search(r"does not compile:\n.*# mimir-sample\n.*\./broken\.go:3:28: cannot use", text), text
    assert http.get(f"http://127.0.0.1:{running.config['environment']['port']}", "/health").ok


def test_a_container_that_never_becomes_healthy_says_why(new_stack: NewStack) -> None:
    stack = new_stack()
    stack.write(probe={"path": "/no-such-path", "retries": 1, "startPeriodSeconds": 1})
    text = stack.up().failed().text
    assert "did not become healthy" in text
    assert "404" in text, "the probe's own words"
    assert "/no-such-path" in text, "the application's log lines"
    stack.write(probe={"path": "/health"})
    stack.up().ok()
    assert http.get(stack.outputs()["url"], "/health").ok


def test_a_shadowed_configuration_file_is_noticed(running: Stack, engine: docker.DockerClient) -> None:
    """A file in the working directory wins over the mounted one; the deployment must not call that done."""
    container = engine.containers.get(running.outputs()["container"])
    http.note(running.outputs()["url"], "shadow")
    volume = running.outputs()["volumes"]["data"]
    where = Path(engine.volumes.get(volume).attrs["Mountpoint"])
    (where / "config.yaml").write_text("logging:\n  level: error\n  format: text\n  output: stdout\n")
    (where / "config.yaml").chmod(0o644)
    container.restart()
    try:
        text = running.up("--refresh=false").failed().text
        assert "not in effect" in text and "config.yaml" in text and "Traceback" not in text
    finally:
        (where / "config.yaml").unlink()
        container.restart()
    running.up().ok()


def test_an_update_killed_half_way_goes_on_at_the_next(new_stack: NewStack, engine: docker.DockerClient) -> None:
    stack = new_stack()
    update = stack.start_up()
    mine = {"label": f"io.mimir.deployment=mimir-{stack.name}"}
    eventually("volumes of the first half", lambda: engine.volumes.list(filters=mine), 120)
    kill_group(update)
    text = stack.up().failed().text
    assert "pulumi cancel" in text
    stack.pulumi("cancel", "--yes", stack.name).ok()
    stack.up().ok()
    assert http.get(stack.outputs()["url"], "/health").ok
    stack.up("--expect-no-changes").ok()


def test_two_updates_at_once_do_not_meet(running: Stack) -> None:
    running.write(environment={"maxJobs": 3})
    first = running.start_up()
    eventually("the first update's lock", lambda: list(running.backend.rglob("locks/**/*.json")), 30)
    text = running.up().failed().text
    assert first.wait(timeout=120) == 0, first.stdout and first.stdout.read()
    assert "currently locked" in text


@dataclass(frozen=True)
class PrivateRegistry:
    """A registry of the tests' own that wants a login."""

    address: str
    user: str = "pusher"
    password: str = "correct-horse-battery-staple-9"


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRegistry]:
    folder = tmp_path_factory.mktemp("registry")
    registry = PrivateRegistry(f"127.0.0.1:{free_port()}")
    hashed = bcrypt.hashpw(registry.password.encode(), bcrypt.gensalt(prefix=b"2a")).decode()
    (folder / "htpasswd").write_text(f"{registry.user}:{hashed}\n")
    (folder / "config.yml").write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\nhttp: {{addr: '{registry.address}'}}\n"
        f"auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}\n"
    )
    log = (folder / "log").open("w")
    process = subprocess.Popen(["docker-registry", "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    eventually("the registry", lambda: requests.get(f"http://{registry.address}/v2/", timeout=2).status_code == 401)
    yield registry
    process.terminate()
    process.wait(timeout=10)


def test_a_registry_with_a_login(new_stack: NewStack, private: PrivateRegistry, engine: docker.DockerClient) -> None:
    stack = new_stack(registry={"address": private.address, "username": private.user})
    stack.secret("registry.password", "not-the-password")
    text = stack.up().failed().text
    assert "refuses user" in text and "mimir:registry.password" in text
    assert "not-the-password" not in text
    assert nothing_of(stack, engine)
    stack.secret("registry.password", private.password)
    up = stack.up().ok()
    assert http.get(stack.outputs()["url"], "/health").ok
    assert private.password not in up.text + stack.pulumi("stack", "export").text
    stack.up("--expect-no-changes").ok()
