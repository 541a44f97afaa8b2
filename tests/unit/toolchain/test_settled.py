"""`make` looks at every tool again as soon as anything that `ensure` had looked at is not as it was."""

from __future__ import annotations

import fcntl
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

import toolchain.__main__ as command_line
from tests.support.registry_server import serve
from toolchain import settled
from toolchain.ensure import _questions
from toolchain.groups import DEFAULT_GROUPS
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services.catalogue import services
from toolchain.services.cluster.service import Cluster
from toolchain.services.engine import Engine
from toolchain.services.question import BUILDKIT, CONNECT, Question, manifest
from toolchain.services.registry import Registry
from toolchain.state import State

served = contextmanager(serve)

TOOL = "pulumi-resource-docker"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine on which everything is there, as `ensure` leaves it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    layout = Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})
    artefact = layout.artefacts / f"{TOOL}-5.2.0-0123"
    written = {
        layout.project / "requirements.txt": "pulumi==1",
        layout.project / "policy/PulumiPolicy.yaml": "runtime: python",
        layout.venv / "bin/python": "",
        layout.venv / ".installed-requirements": "abc",
        artefact / TOOL: "",
        layout.bin / "pulumi": "",
        layout.packages / "haproxy/VERSION": "3.2",
        layout.service("engine") / "engine.process.json": "{}",
        layout.service("builder") / "buildx/instances/mimir": "{}",
        tmp_path / "home/.docker/buildx/instances/mine": "{}",
        tmp_path / "programs/docker": "",
        layout.lock: "",
    }
    for file, text in written.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    State({"docker plugin": str(artefact)}).save(layout)
    return Machine(layout, {"PATH": str(tmp_path / "programs"), "HOME": str(tmp_path / "home")})


def rewrite(file: Path) -> None:
    file.write_text(file.read_text() + " ")


def add(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    file.chmod(0o755)


CHANGES: dict[str, Callable[[Layout, Path], object]] = {
    "a tool is removed from the cache": lambda layout, _: shutil.rmtree(layout.artefacts),
    "a program is removed from it": lambda layout, _: next(layout.artefacts.glob(f"*/{TOOL}")).unlink(),
    "a program cannot be run any more": lambda layout, _: (layout.bin / "pulumi").chmod(0o644),
    "a program is not on PATH any more": lambda layout, _: (layout.bin / "pulumi").unlink(),
    "a package is removed": lambda layout, _: shutil.rmtree(layout.packages / "haproxy"),
    "a requirement is changed": lambda layout, _: rewrite(layout.project / "requirements.txt"),
    "requirements are added": lambda layout, _: add(layout.project / "requirements-dev.txt"),
    "the Python environment is removed": lambda layout, _: shutil.rmtree(layout.venv),
    "the Python environment was not finished": lambda layout, _: (layout.venv / ".installed-requirements").unlink(),
    "the pack is changed": lambda layout, _: rewrite(layout.project / "policy/PulumiPolicy.yaml"),
    "the pack has a file more": lambda layout, _: add(layout.project / "policy/more.json"),
    "another service was started": lambda layout, _: rewrite(layout.service("engine") / "engine.process.json"),
    "a builder is another one": lambda layout, _: rewrite(layout.service("builder") / "buildx/instances/mimir"),
    "the user's builder is another one": lambda _, base: rewrite(base / "home/.docker/buildx/instances/mine"),
    "the user makes a builder": lambda _, base: add(base / "home/.docker/buildx/instances/new"),
    "the user installs a tool": lambda _, base: add(base / "programs/pulumi"),
    "the user updates a tool": lambda _, base: rewrite(base / "programs/docker"),
    "the user removes a tool": lambda _, base: (base / "programs/docker").unlink(),
    "the user installs a plugin": lambda _, base: add(base / "home/.pulumi/plugins/resource-docker-v5.2.0/x"),
    "the user installs buildx": lambda _, base: add(base / "home/.docker/cli-plugins/docker-buildx"),
    "other groups were ensured": lambda layout, _: State({"crane": None}).save(layout),
    "the state is lost": lambda layout, _: layout.state.unlink(),
    "the cache is lost": lambda layout, _: shutil.rmtree(layout.home),
}


def test_nothing_is_looked_at_again_where_nothing_has_changed(machine: Machine) -> None:
    assert not settled.holds(machine, DEFAULT_GROUPS), "before it was noted"
    settled.note(machine, DEFAULT_GROUPS, [])
    assert settled.holds(machine, DEFAULT_GROUPS)
    assert settled.holds(machine, reversed(DEFAULT_GROUPS))  # type: ignore[arg-type]
    assert not settled.holds(machine, [*DEFAULT_GROUPS, "supply"]), "of which nothing is known"


def test_what_running_programs_write_is_no_change(machine: Machine) -> None:
    settled.note(machine, DEFAULT_GROUPS, [])
    add(machine.layout.home / "services/engine/engine.log")
    add(Path(machine.environment["HOME"]) / ".pulumi/plugins/resource-docker-v5.2.0.lastused")
    shutil.rmtree(Path(machine.environment["HOME"]) / ".pulumi")
    assert settled.holds(machine, DEFAULT_GROUPS)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(machine: Machine, tmp_path: Path, change: Callable[[Layout, Path], object]) -> None:
    settled.note(machine, DEFAULT_GROUPS, [])
    change(machine.layout, tmp_path)
    assert not settled.holds(machine, DEFAULT_GROUPS)


@pytest.mark.parametrize(
    "name", ["DOCKER_HOST", "DOCKER_CONTEXT", "BUILDX_CONFIG", "BUILDX_BUILDER", "PULUMI_HOME", "KUBECONFIG", "GOROOT"]
)
def test_another_environment_is_noticed(machine: Machine, name: str) -> None:
    settled.note(machine, DEFAULT_GROUPS, [])
    other = replace(machine, environment={**machine.environment, name: "/other"})
    assert not settled.holds(other, DEFAULT_GROUPS)
    settled.note(other, DEFAULT_GROUPS, [])
    assert settled.holds(other, DEFAULT_GROUPS)
    assert not settled.holds(machine, DEFAULT_GROUPS)


def test_another_path_is_noticed(machine: Machine) -> None:
    settled.note(machine, DEFAULT_GROUPS, [])
    assert not settled.holds(replace(machine, environment={**machine.environment, "PATH": "/bin"}), DEFAULT_GROUPS)


def test_another_toolchain_is_noticed(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "toolchain"
    (own / "modules").mkdir(parents=True)
    for name in ("versions.py", "modules/go.mod"):
        (own / name).write_text("1")
    monkeypatch.setattr(settled, "OWN_FILES", own)
    for name in ("versions.py", "modules/go.mod"):
        settled.note(machine, DEFAULT_GROUPS, [])
        assert settled.holds(machine, DEFAULT_GROUPS)
        rewrite(own / name)
        assert not settled.holds(machine, DEFAULT_GROUPS)


def test_everything_is_looked_at_once_a_day(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in for a tool gives way to it once it is in reach."""
    settled.note(machine, DEFAULT_GROUPS, [])
    now = time.time()
    for later in (settled.VALID_SECONDS + 1, -60.0):
        monkeypatch.setattr(time, "time", lambda later=later: now + later)
        assert not settled.holds(machine, DEFAULT_GROUPS)


def test_whoever_changes_the_cache_is_waited_for(machine: Machine) -> None:
    settled.note(machine, DEFAULT_GROUPS, [])
    with machine.layout.lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert not settled.holds(machine, DEFAULT_GROUPS)
    assert settled.holds(machine, DEFAULT_GROUPS)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"time": 0, "signature": "", "questions": [{"no": 1}]}'])
def test_a_note_that_cannot_be_read_is_none(machine: Machine, text: str) -> None:
    settled.note(machine, DEFAULT_GROUPS, [])
    [file] = machine.layout.corner.glob("settled-*.json")
    file.write_text(text)
    assert not settled.holds(machine, DEFAULT_GROUPS)


def test_what_cannot_be_asked_quickly_is_looked_at_each_time(machine: Machine) -> None:
    settled.note(machine, DEFAULT_GROUPS, [])
    settled.note(machine, DEFAULT_GROUPS, None)
    assert not settled.holds(machine, DEFAULT_GROUPS)


class Answers(BaseHTTPRequestHandler):
    """A registry, and an engine."""

    digest = "sha256:1"

    def do_HEAD(self) -> None:
        self.send_response(404 if "gone" in self.path else 200)
        self.send_header("Docker-Distribution-API-Version", "registry/2.0")
        if "manifests" in self.path and "gone" not in self.path:
            self.send_header("Docker-Content-Digest", self.digest)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Answers.digest = "sha256:1"
    with served(Answers) as address:
        yield address


class TestQuestions:
    """What a service is asked."""

    def test_a_service_that_has_ended_is_noticed(self, machine: Machine) -> None:
        with served(Answers) as address:
            settled.note(machine, DEFAULT_GROUPS, [Question(f"tcp://{address}", "/_ping", " 200 ok")])
            assert settled.holds(machine, DEFAULT_GROUPS)
        assert not settled.holds(machine, DEFAULT_GROUPS)

    def test_another_answer_is_none(self, address: str) -> None:
        assert Question(f"tcp://{address}", "/_ping", " 200 ok").is_answered()
        assert not Question(f"tcp://{address}", "/gone", " 200 ok").is_answered()

    def test_another_image_under_the_same_name_is_noticed(self, address: str) -> None:
        question = manifest(address, "library/golang:1")
        assert question and question.is_answered()
        Answers.digest = "sha256:2"
        assert not question.is_answered()
        assert manifest(address, "library/gone:1") is None
        assert manifest("127.0.0.1:1", "library/golang:1") is None

    def test_a_socket_that_nobody_serves_is_noticed(self, tmp_path: Path) -> None:
        path = tmp_path / "s"
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            listening.listen()
            assert Question(f"unix://{path}", CONNECT).is_answered()
        assert not Question(f"unix://{path}", CONNECT).is_answered()
        assert not Question(f"unix://{path}", BUILDKIT).is_answered()
        assert not Question(f"unix://{path}", "/_ping").is_answered()

    def test_engine_and_registry_are_asked_what_ensure_asks_them(self, machine: Machine) -> None:
        host = "unix:///run/docker.sock"
        users = replace(machine, environment={**machine.environment, "DOCKER_HOST": host})
        assert [question.address for question in Engine(users).questions() or ()] == [host]
        (question,) = Registry(machine).questions() or ()
        assert question.expected.startswith("docker-distribution")

    @pytest.mark.parametrize(
        "variables", [{"DOCKER_HOST": "ssh://far"}, {"DOCKER_HOST": "tcp://far:2376", "DOCKER_TLS_VERIFY": "1"}]
    )
    def test_an_engine_far_away_is_looked_at_each_time(self, machine: Machine, variables: dict[str, str]) -> None:
        far = replace(machine, environment={**machine.environment, **variables})
        assert Engine(far).questions() is None
        assert _questions(services(far, Progress(), DEFAULT_GROUPS), State()) is None

    def test_a_cluster_that_is_made_is_looked_at_and_one_that_is_used_must_listen(self, machine: Machine) -> None:
        assert _questions([Cluster(machine, Progress())], State()) is None
        questions = _questions([], State({}, {Cluster.name: {"KUBECONFIG": "/k"}}))
        assert questions and questions[0].path == CONNECT
        assert _questions([], State({}, {Cluster.name: {}})) == []


class TestCommandLine:
    """When `make` looks at the tools, and when not."""

    @pytest.fixture
    def ensured(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
        """The groups that `ensure` was called for."""
        calls: list[set[str]] = []

        def ensure(_: Machine, groups: set[str], __: Progress) -> list[Row]:
            calls.append(groups)
            return [Row("registry", "2", Source.RUNNING)]

        monkeypatch.chdir(machine.layout.project)
        monkeypatch.setattr("toolchain.ensure.ensure", ensure)
        by_make = replace(machine, environment={**machine.environment, "MAKELEVEL": "1"})
        monkeypatch.setattr(Machine, "of", lambda *_: by_make)
        settled.note(machine, DEFAULT_GROUPS, [])
        return calls

    def test_make_does_not_look_again(self, ensured: list[set[str]], capsys: pytest.CaptureFixture[str]) -> None:
        assert command_line.main(["ensure"]) == 0
        assert ensured == []
        assert "ready" in capsys.readouterr().out
        assert command_line.main(["ensure", "--group", "supply"]) == 0
        assert ensured == [{"supply"}]

    def test_a_person_who_asks_gets_everything_looked_at(
        self, machine: Machine, ensured: list[set[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Machine, "of", lambda *_: machine)
        assert command_line.main(["ensure"]) == 0
        assert len(ensured) == 1

    @pytest.mark.parametrize("is_settled", [True, False])
    def test_a_command_is_run_after_what_it_needs_is_there(
        self, machine: Machine, ensured: list[set[str]], monkeypatch: pytest.MonkeyPatch, is_settled: bool
    ) -> None:
        if not is_settled:
            rewrite(machine.layout.project / "requirements.txt")
        run: list[list[str]] = []
        monkeypatch.setattr("os.execvpe", lambda _, command, __: run.append([*command, str(len(ensured))]))
        command_line.main(["run", "--ensure", "--", "pulumi", "up"])
        assert run == [["pulumi", "up", "0" if is_settled else "1"]]

    def test_run_alone_looks_at_nothing(
        self, machine: Machine, ensured: list[set[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rewrite(machine.layout.project / "requirements.txt")
        monkeypatch.setattr("os.execvpe", lambda *_: None)
        command_line.main(["run", "--", "pulumi", "up"])
        assert ensured == []


def test_the_note_holds_no_value_of_a_variable(machine: Machine) -> None:
    secret = replace(machine, environment={**machine.environment, "DOCKER_AUTH_CONFIG": "password"})
    settled.note(secret, DEFAULT_GROUPS, [])
    [file] = machine.layout.corner.glob("settled-*.json")
    assert "password" not in file.read_text()
    assert json.loads(file.read_text())["signature"]
