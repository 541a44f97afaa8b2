"""What goes wrong, what it says, and what it leaves behind."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path

import docker
import pytest

from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import Stack, eventually, kill_group

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
    return not (engine.containers.list(all=True, filters=stack.mine) or engine.volumes.list(filters=stack.mine))


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


def test_a_builder_image_that_does_not_exist(stack: Stack) -> None:
    stack.write(image={"goImage": "127.0.0.1:5000/no/such:1"})
    text = stack.preview().failed().text
    del stack.config["image"]
    stack.write()
    assert "A base image cannot be had" in text and "mimir:image.goImage" in text
    stack.preview().ok()


def test_a_port_that_is_taken(new_stack: NewStack) -> None:
    with socket.socket() as listener:
        port = free_port()
        listener.bind(("127.0.0.1", port))
        listener.listen()
        stack = new_stack(environment={"port": port})
        text = stack.up().failed().text
    assert "edge could not be started" in text and "address already in use" in text
    stack.up().ok()
    assert http.get(stack.outputs()["url"], "/health").ok


def test_a_name_that_belongs_to_somebody_else(new_stack: NewStack, engine: docker.DockerClient) -> None:
    stack = new_stack()
    network = engine.networks.create(f"mimir-{stack.name}")
    try:
        text = stack.up().failed().text
        assert f"docker network rm mimir-{stack.name}" in text
        network.reload()
    finally:
        network.remove()
    image = engine.images.list(name="haproxy")[0]
    container = engine.containers.create(image, name=f"mimir-{stack.name}-edge")
    try:
        text = stack.up().failed().text
        assert f"docker container rm mimir-{stack.name}-edge" in text
        container.reload()
    finally:
        container.remove()
    stack.up().ok()


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
    shadow = "logging:\n  level: error\n  format: text\n  output: stdout\n"
    in_data_volume(running, engine, f"echo '{shadow}' > config.yaml && chmod 644 config.yaml")
    container.restart()
    try:
        text = running.up("--refresh=false").failed().text
        assert "not in effect" in text and "config.yaml" in text and "Traceback" not in text
    finally:
        in_data_volume(running, engine, "rm config.yaml")
        container.restart()
    running.up().ok()


def in_data_volume(stack: Stack, engine: docker.DockerClient, script: str) -> None:
    """Run a script in the data volume, in a container: past the engine, only root could."""
    engine.containers.run(
        engine.images.list(name="haproxy")[0],
        ["-ec", script],
        name=f"mimir-{stack.name}-shadow",
        entrypoint="sh",
        user="0",
        working_dir="/volume",
        volumes={stack.outputs()["volumes"]["data"]: {"bind": "/volume", "mode": "rw"}},
        network_mode="none",
        remove=True,
    )


def test_an_update_killed_half_way_goes_on_at_the_next(new_stack: NewStack, engine: docker.DockerClient) -> None:
    stack = new_stack()
    update = stack.start_up()
    eventually("volumes of the first half", lambda: engine.volumes.list(filters=stack.mine), 120)
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
