"""The services: which of the user's own are taken, and what stand-ins for images are made of."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.support.registry_server import StoringRegistry, serve
from toolchain import virtualenv
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.report import Source
from toolchain.services import buildx, engine
from toolchain.services.buildx import Builder
from toolchain.services.layers import Layer, LayerWriter, make
from toolchain.services.push import Repository


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    layout = Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})
    return Machine(layout, {"PATH": "/nowhere"})


class Api(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"Version": "27.1.0"}')

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[str]:
    yield from serve(Api)


@pytest.fixture
def storing() -> Iterator[str]:
    StoringRegistry.stored = {}
    yield from serve(StoringRegistry)


def test_the_engine_that_the_user_chose_is_used(machine: Machine, api: str) -> None:
    machine.environment = {"PATH": "/nowhere", "DOCKER_HOST": f"tcp://{api}"}
    chosen = engine.Engine(machine)
    row = chosen.ensure()
    assert (row.version, row.source) == ("27.1.0", Source.RUNNING)
    assert chosen.environment() == {}
    assert chosen.stop() == []


def test_an_engine_that_the_user_chose_and_that_is_silent_is_a_problem(machine: Machine, tmp_path: Path) -> None:
    machine.environment = {"PATH": "/nowhere", "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    with pytest.raises(Problem, match="unset DOCKER_HOST"):
        engine.Engine(machine).ensure()


def test_the_record_of_a_builder_is_read_back(tmp_path: Path) -> None:
    builder = Builder("mimir", "remote", "unix:///run/buildkitd.sock", {})
    buildx.write(tmp_path, builder)
    (tmp_path / "instances" / "damaged").write_text("{")
    assert list(buildx.builders(tmp_path)) == [builder]
    assert json.loads((tmp_path / "current").read_text())["Name"] == "mimir"


@pytest.mark.parametrize(
    ("builder", "usable"),
    [
        (Builder("b", "docker-container", "unix:///x", {"network": "host"}), True),
        (Builder("b", "docker-container", "unix:///x", {}), False),
        (Builder("b", "docker", "unix:///x", {}), False),
        (Builder("b", "remote", "unix:///nowhere/buildkitd.sock", {}), False),
    ],
)
def test_a_builder_must_reach_the_registry_on_loopback(builder: Builder, usable: bool) -> None:
    assert buildx.usable(builder) is usable


def test_something_else_on_the_builders_socket_is_not_a_builder(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert not buildx.answers(f"unix://{path}")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "tool").write_text("#!/bin/sh\n")
    (root / "bin" / "tool").chmod(0o755)
    (root / "bin" / "alias").symlink_to("tool")
    return root


def layer(tmp_path: Path, tree: Path, name: str = "layer") -> Layer:
    def fill(writer: LayerWriter) -> None:
        writer.file("etc/passwd", b"root\n")
        writer.tree(tree, "opt", ["bin"])

    return make(tmp_path / name, fill)


def test_a_layer_is_the_same_whoever_makes_it_and_when(tmp_path: Path, tree: Path) -> None:
    first = layer(tmp_path, tree)
    os.utime(tree / "bin" / "tool", (1, 1))
    (tree / "bin" / "tool").chmod(0o700)
    second = layer(tmp_path, tree, "again")
    assert (first.digest, first.diff_id) == (second.digest, second.diff_id)


def test_a_layer_holds_what_it_was_given(tmp_path: Path, tree: Path) -> None:
    made = layer(tmp_path, tree)
    assert made.digest == f"sha256:{hashlib.sha256(made.file.read_bytes()).hexdigest()}"
    with tarfile.open(made.file) as tar:
        assert tar.getnames() == ["etc/passwd", "opt/bin", "opt/bin/alias", "opt/bin/tool"]
        assert tar.getmember("opt/bin/tool").mode == 0o755
        assert tar.getmember("opt/bin/alias").linkname == "tool"


def test_an_image_is_pushed_whole_and_its_labels_are_read_back(tmp_path: Path, tree: Path, storing: str) -> None:
    made = layer(tmp_path, tree)
    repository = Repository(storing, "library/golang")
    assert repository.labels("1") == {}

    repository.push("1", {"os": "linux", "config": {"Labels": {"stand-in": "true"}}}, [made])

    assert repository.labels("1") == {"stand-in": "true"}
    manifest = json.loads(StoringRegistry.stored["/v2/library/golang/manifests/1"])
    assert [entry["digest"] for entry in manifest["layers"]] == [made.digest]
    config = json.loads(StoringRegistry.stored[f"/v2/library/golang/blobs/{manifest['config']['digest']}"])
    assert config["rootfs"]["diff_ids"] == [made.diff_id]


def test_a_refusing_registry_is_an_error(tmp_path: Path, tree: Path, api: str) -> None:
    with pytest.raises(OSError, match="answered 501"):
        Repository(api, "library/golang").push("1", {}, [layer(tmp_path, tree)])


def test_the_python_environment_is_made_once_and_again_when_requirements_change(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = machine.layout
    layout.project.mkdir()
    requirements = layout.project / "requirements.txt"
    requirements.write_text("one==1\n")
    (layout.project / "requirements.lock").write_text("one==1 --hash=x\ntwo==2 --hash=x\n")
    commands: list[str] = []

    def install(argv: list[str], *_: object, **__: object) -> None:
        commands.append(" ".join(argv[1:4]))
        python = layout.venv / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text("#!/bin/sh\necho 3.11.7\n")
        python.chmod(0o755)

    monkeypatch.setattr(virtualenv, "run_logged", install)
    assert virtualenv.ensure(layout, {}).source is Source.BUILT
    assert commands == ["-m venv --clear", "-m pip install"]

    assert virtualenv.ensure(layout, {}).source is Source.CACHED
    assert len(commands) == 2

    requirements.write_text("one==1\ntwo==2\n")
    assert not virtualenv.inspect_virtualenv(layout).ok
    assert virtualenv.ensure(layout, {}).ok
    assert commands[2:] == ["-m pip install"], "an environment that works is brought up to date, not made anew"
