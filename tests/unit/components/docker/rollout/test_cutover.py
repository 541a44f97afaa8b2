"""The cutover: HAProxy reloads its files without losing a connection, and old containers are removed once drained."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
from docker.errors import APIError, DockerException

from components.docker.rollout import cutover, reachability, written_files
from components.docker.rollout.cutover import CutoverFailed, cut_over
from components.edge import edge_spec as edges
from components.edge.haproxy.files import Files
from components.settings import Settings
from tests.support.fake_engine import MIMIR, SETTINGS, Many, Thing, Use, disconnect, thing

EDGE = edges.describe(SETTINGS, MIMIR)
STOPPED = APIError("409 Client Error", explanation="container is not running")
FILES = Files({"haproxy.cfg": "global"}, {"keys.map": "# none"}, "new")
LIMITS = {"PidsLimit": cutover.PIDS_LIMIT, "CpuPeriod": 100_000, "CpuQuota": 100_000}
KILL, SHELL = ["kill", "-USR2", "1"], ["sh", "-c", "kill -USR2 1"]
NO_SUCH_COMMAND = (127, b'exec: "kill": executable file not found in $PATH')


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that moves only when somebody waits."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.append(now.pop() + seconds))
    return now


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the containers whose reachability was checked."""
    containers: list[str] = []
    monkeypatch.setattr(reachability, "require_reachable", lambda _, __, container: containers.append(container.name))
    return containers


@pytest.fixture(autouse=True)
def lost(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the files were lost, and are written again."""
    is_lost = [False]

    def restore(_: object, volume: str, folder: str, texts: object) -> bool:
        assert (volume, folder) == ("mimir-dev-edge-files", "/etc/mimir-edge")
        assert texts == {"haproxy.cfg": "global", "keys.map": "# none"}
        return is_lost[0]

    monkeypatch.setattr(written_files, "restore", restore)
    return is_lost


class Haproxy(Thing):
    """The edge's container: each question about its files in effect has the next of these answers."""

    def __init__(self, *digests: str | Exception, old_workers: float = 0) -> None:
        super().__init__({"HostConfig": LIMITS}, {"io.mimir.role": "edge"})
        self.name, self.id, self.status = "mimir-dev-edge", "edge-id", "running"
        self.left, self.old_workers = [*digests], old_workers
        self.reloads: list[Sequence[str]] = []
        self.reload_answers: list[tuple[int, bytes] | Exception] = [(0, b"")]

    def exec_run(self, command: Sequence[str]) -> tuple[int, bytes]:
        if "-USR2" in " ".join(command):
            self.reloads.append(command)
            answer = self.reload_answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        assert command[-1] == "http://127.0.0.1:9090/configuration"
        now = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(now, Exception):
            raise now
        return (0, now.encode()) if now else (1, b"connection refused")

    def top(self) -> dict[str, Any]:
        old = [["9", "haproxy -sf 7"]] if time.monotonic() < self.old_workers else []
        return {"Processes": [["1", "haproxy -W"], ["7", "haproxy -W"], *old, ["11", "wget"]]}


def run(use: Use, edge: Haproxy, *others: Thing) -> str:
    """Cut over to the files `new`, with `mimir-dev-2` serving from now on."""
    use(Many(edge, *others))
    return cut_over(SETTINGS, EDGE, "edge-id", FILES, "mimir-dev-2-id")


def refused(use: Use, edge: Haproxy) -> str:
    """The error text of a failed cutover; never with a traceback."""
    with pytest.raises(CutoverFailed) as caught:
        run(use, edge)
    assert isinstance(caught.value, pulumi.RunError), "no traceback for a user"
    return str(caught.value)


def test_an_edge_that_runs_with_its_files_is_left_alone_and_asked(
    use: Use, clock: list[float], checked: list[str]
) -> None:
    edge = Haproxy("new")
    assert run(use, edge) == "edge-id"
    assert checked == ["mimir-dev-edge"]
    assert edge.done == edge.reloads == []
    assert clock == [0.0]


def test_new_files_are_read_without_a_restart_and_waited_for(use: Use) -> None:
    edge = Haproxy("old", "old", "", STOPPED, "new")
    assert run(use, edge) == "edge-id"
    assert edge.reloads == [KILL], "the signal for a reload; a restart would cut every connection"
    assert edge.left == ["new"]


def test_a_reload_is_no_signal_of_the_engine(use: Use) -> None:
    """The engine would keep it as a stop by hand, and not start the edge again after a crash or a reboot."""
    edge = Haproxy("old", "new")
    run(use, edge)
    assert edge.done == []


def test_an_image_without_kill_is_reloaded_by_its_shell(use: Use) -> None:
    edge = Haproxy("old", "new")
    edge.reload_answers = [NO_SUCH_COMMAND, (0, b"")]
    assert run(use, edge) == "edge-id"
    assert edge.reloads == [KILL, SHELL]


@pytest.mark.parametrize(
    "answers", [[NO_SUCH_COMMAND, NO_SUCH_COMMAND], [(1, b'exec: "kill": Operation not permitted')]]
)
def test_an_image_that_cannot_be_reloaded_is_named(use: Use, answers: list[tuple[int, bytes] | Exception]) -> None:
    edge = Haproxy("old")
    edge.reload_answers = answers
    text = refused(use, edge)
    assert "mimir:edge.image" in text and 'exec: "kill": ' in text
    assert "keeps the previous one" in text


def test_an_edge_that_is_just_starting_is_waited_for(use: Use) -> None:
    assert run(use, Haproxy(STOPPED, "", "new")) == "edge-id"


def test_refused_files_are_shown_with_the_edges_own_words(use: Use, clock: list[float]) -> None:
    edge = Haproxy("old")
    text = refused(use, edge)
    assert "mimir-dev-edge does not run with its new configuration" in text
    assert "    panic: no such file" in text
    assert "docker logs mimir-dev-edge" in text
    assert clock[0] == pytest.approx(cutover.RELOAD_TIMEOUT_SECONDS, abs=1)


def test_nobody_who_serves_ends_when_the_files_are_refused(use: Use) -> None:
    old = thing("mimir-dev-1", "service")
    with pytest.raises(CutoverFailed):
        run(use, Haproxy("old"), old)
    assert old.done == []


def test_the_old_container_ends_after_the_last_request_that_goes_to_it(use: Use, clock: list[float]) -> None:
    old, serving = thing("mimir-dev-1", "service"), thing("mimir-dev-2", "service")
    ended: list[float] = []
    old.gone = lambda: ended.append(clock[0])  # type: ignore[method-assign]
    run(use, Haproxy("old", "new", old_workers=12), old, serving)
    assert old.done == ["stop within 40 s", "remove by force"]
    assert ended[0] >= 12
    assert serving.done == []


@pytest.mark.parametrize("role", ["service", "trial"])
@pytest.mark.parametrize("status", ["running", "exited", "created", "restarting"])
def test_orphans_are_removed_even_when_nothing_is_new(use: Use, status: str, role: str) -> None:
    orphan = thing("mimir-dev-0", role, status)
    run(use, Haproxy("new"), orphan)
    assert orphan.done[-1] == "remove by force"


def test_other_deployments_and_other_roles_stay(use: Use) -> None:
    theirs = thing("mimir-prod-1", labels={"io.mimir.deployment": "mimir-prod", "io.mimir.role": "service"})
    carrier = thing("mimir-dev-config", labels={"io.mimir.deployment": "mimir-dev"})
    run(use, Haproxy("new"), theirs, carrier)
    assert theirs.done == carrier.done == []


def test_nobody_who_served_ends_when_requests_do_not_get_through(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    def require(*_: object) -> None:
        raise reachability.NotReachable("503")

    monkeypatch.setattr(reachability, "require_reachable", require)
    old = thing("mimir-dev-1", "service")
    with pytest.raises(reachability.NotReachable):
        run(use, Haproxy("old", "new"), old)
    assert old.done == []


def test_an_edge_that_was_disconnected_is_connected_again(use: Use) -> None:
    edge = Haproxy("new")
    network = disconnect(edge)
    run(use, edge)
    assert network.connected == [("mimir-dev", edge, None), ("mimir-dev-internal", edge, None)]


def test_an_edge_of_an_earlier_release_gets_its_second_network_without_a_word_about_it(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the application may connect to others, it was never in it."""
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    edge = Haproxy("new")
    network = disconnect(edge)
    edge.attrs["NetworkSettings"] = {"Networks": {"mimir-dev": {}}}
    settings = Settings.model_validate(
        {"docker": {"host": "unix:///fake.sock"}, "network": {"egress": [{"cidr": "10.0.0.0/8"}]}}
    )
    use(Many(edge))
    cut_over(settings, EDGE, "edge-id", FILES, "mimir-dev-2-id")
    assert network.connected == [("mimir-dev-internal", edge, None)]
    assert warnings == []


def test_the_container_that_serves_is_known_by_its_id_and_never_removed(use: Use) -> None:
    serving = thing("mimir-dev-2", "service")
    serving.name = "somebody-elses-idea"
    run(use, Haproxy("new"), serving)
    assert serving.done == []


def test_a_renamed_edge_has_its_name_again(use: Use) -> None:
    edge = Haproxy("new")
    edge.name = "somebody-elses-idea"
    run(use, edge)
    assert edge.name == "mimir-dev-edge"


def test_an_edge_that_crashes_without_its_files_is_started_with_them(use: Use, lost: list[bool]) -> None:
    """The engine starts it by itself, at intervals that are longer than anybody waits here."""
    edge = Haproxy("", STOPPED, "new")
    edge.status, lost[0] = "restarting", True
    run(use, edge)
    assert edge.done == ["restart within 0 s"]


def test_an_edge_that_has_read_its_files_before_they_were_lost_serves_on(use: Use, lost: list[bool]) -> None:
    edge = Haproxy("new")
    lost[0] = True
    run(use, edge)
    assert edge.done == edge.reloads == []


def test_the_wait_for_the_last_request_has_an_end(use: Use, clock: list[float]) -> None:
    old = thing("mimir-dev-1", "service")
    with pytest.raises(CutoverFailed, match=f"still runs after {EDGE.drain_seconds} s"):
        run(use, Haproxy("old", "new", old_workers=10_000), old)
    assert clock[0] == pytest.approx(EDGE.drain_seconds + cutover.RELOAD_TIMEOUT_SECONDS, abs=1)
    assert old.done == []


def test_its_processes_are_limited_too(use: Use) -> None:
    edge = Haproxy("new")
    edge.attrs["HostConfig"] = {**LIMITS, "PidsLimit": None}
    run(use, edge)
    assert edge.api.posted == [("/containers/edge-id/update", LIMITS)]


def test_another_limit_of_its_cpus_replaces_nothing(use: Use) -> None:
    """The provider calls it an update, and makes none; a new edge would close the port."""
    edge = Haproxy("new")
    edge.attrs["HostConfig"] = {**LIMITS, "CpuQuota": 50_000}
    run(use, edge)
    assert edge.api.posted == [("/containers/edge-id/update", LIMITS)]


def test_an_edge_that_is_gone_is_made_anew_by_a_refresh(use: Use) -> None:
    use(Many())
    with pytest.raises(CutoverFailed, match=r"mimir-dev-edge was removed .*pulumi up --refresh"):
        cut_over(SETTINGS, EDGE, "edge-id", FILES, "mimir-dev-2-id")


def test_an_engine_that_fails_is_named(use: Use) -> None:
    edge = Haproxy("old")
    edge.reload_answers = [DockerException("no engine")]
    text = refused(use, edge)
    assert "mimir-dev-edge" in text
    assert "no engine" in text


@pytest.mark.parametrize("status", ["created", "exited"])
def test_an_edge_that_does_not_run_is_started(use: Use, status: str) -> None:
    """Its port was taken, say, or the engine was restarted; Pulumi has it in its state, and would leave it at that."""
    edge = Haproxy("", STOPPED, "new")
    edge.status = status
    assert run(use, edge) == "edge-id"
    assert edge.done == ["start"]
    assert edge.reloads == [], "it reads its files by itself"


def test_an_edge_that_cannot_be_started_says_why(use: Use) -> None:
    edge = Haproxy("")
    edge.status = "exited"

    def start() -> None:
        raise APIError("500 Server Error", explanation="port is already allocated")

    edge.start = start  # type: ignore[method-assign]
    text = refused(use, edge)
    assert "mimir-dev-edge" in text and "port is already allocated" in text


def test_a_dead_edge_is_called_dead(use: Use) -> None:
    edge = no_exec("dead")
    text = refused(use, edge)
    assert "mimir-dev-edge is dead, not running" in text
    assert "docker logs mimir-dev-edge" in text
    assert "pulumi up --refresh" in text


def test_a_paused_edge_is_called_paused(use: Use) -> None:
    text = refused(use, no_exec("paused"))
    assert text == "mimir-dev-edge is paused and answers no request: docker unpause mimir-dev-edge"


def test_an_edge_that_is_being_restarted_reads_its_new_files_by_itself(use: Use) -> None:
    edge = no_exec("restarting")
    edge.left = ["", STOPPED, "new"]
    assert run(use, edge) == "edge-id"


def no_exec(status: str) -> Haproxy:
    """An edge of the files before, in which nothing can be run."""
    edge = Haproxy("old")
    edge.status, edge.reload_answers = status, [STOPPED]
    return edge
