"""The cutover: HAProxy reloads its files without losing a connection, and old containers are removed once drained."""

from __future__ import annotations

import pulumi
import pytest

from components.docker.rollout import cutover, reachability
from components.docker.rollout.cutover import CutoverFailed, cut_over
from components.settings import Settings
from tests.support.fake_engine import Many, Use, disconnect, thing
from tests.support.fake_haproxy import (
    EDGE,
    FILES,
    KILL,
    NO_SUCH_COMMAND,
    SHELL,
    STOPPED,
    Haproxy,
    cutover_error,
    run_cutover,
)

pytestmark = pytest.mark.usefixtures("clock", "checked", "lost")


def test_an_edge_that_runs_with_its_files_is_left_alone_and_asked(
    use: Use, clock: list[float], checked: list[str]
) -> None:
    edge = Haproxy("new")
    assert run_cutover(use, edge) == "edge-id"
    assert checked == ["mimir-dev-edge"]
    assert edge.done == edge.reloads == []
    assert clock == [0.0]


def test_new_files_are_read_without_a_restart_and_waited_for(use: Use) -> None:
    edge = Haproxy("old", "old", "", STOPPED, "new")
    assert run_cutover(use, edge) == "edge-id"
    assert edge.reloads == [KILL], "the signal for a reload; a restart would cut every connection"
    assert edge.left == ["new"]


def test_a_reload_is_no_signal_of_the_engine(use: Use) -> None:
    """The engine would keep it as a stop by hand, and not start the edge again after a crash or a reboot."""
    edge = Haproxy("old", "new")
    run_cutover(use, edge)
    assert edge.done == []


def test_an_image_without_kill_is_reloaded_by_its_shell(use: Use) -> None:
    edge = Haproxy("old", "new")
    edge.reload_answers = [NO_SUCH_COMMAND, (0, b"")]
    assert run_cutover(use, edge) == "edge-id"
    assert edge.reloads == [KILL, SHELL]


@pytest.mark.parametrize(
    "answers", [[NO_SUCH_COMMAND, NO_SUCH_COMMAND], [(1, b'exec: "kill": Operation not permitted')]]
)
def test_an_image_that_cannot_be_reloaded_is_named(use: Use, answers: list[tuple[int, bytes] | Exception]) -> None:
    edge = Haproxy("old")
    edge.reload_answers = answers
    text = cutover_error(use, edge)
    assert "mimir:edge.image" in text and 'exec: "kill": ' in text
    assert "keeps the previous one" in text


def test_an_edge_that_is_just_starting_is_waited_for(use: Use) -> None:
    assert run_cutover(use, Haproxy(STOPPED, "", "new")) == "edge-id"


def test_refused_files_are_shown_with_the_edges_own_words(use: Use, clock: list[float]) -> None:
    edge = Haproxy("old")
    text = cutover_error(use, edge)
    assert "mimir-dev-edge does not run with its new configuration" in text
    assert "    panic: no such file" in text
    assert "docker logs mimir-dev-edge" in text
    assert clock[0] == pytest.approx(cutover.RELOAD_TIMEOUT_SECONDS, abs=1)


def test_nobody_who_serves_ends_when_the_files_are_refused(use: Use) -> None:
    old = thing("mimir-dev-1", "service")
    with pytest.raises(CutoverFailed):
        run_cutover(use, Haproxy("old"), old)
    assert old.done == []


def test_the_old_container_ends_after_the_last_request_that_goes_to_it(use: Use, clock: list[float]) -> None:
    old, serving = thing("mimir-dev-1", "service"), thing("mimir-dev-2", "service")
    ended: list[float] = []
    old.gone = lambda: ended.append(clock[0])  # type: ignore[method-assign]
    run_cutover(use, Haproxy("old", "new", old_workers=12), old, serving)
    assert old.done == ["stop within 40 s", "remove by force"]
    assert ended[0] >= 12
    assert serving.done == []


@pytest.mark.parametrize("role", ["service", "trial"])
@pytest.mark.parametrize("status", ["running", "exited", "created", "restarting"])
def test_orphans_are_removed_even_when_nothing_is_new(use: Use, status: str, role: str) -> None:
    orphan = thing("mimir-dev-0", role, status)
    run_cutover(use, Haproxy("new"), orphan)
    assert orphan.done[-1] == "remove by force"


def test_other_deployments_and_other_roles_stay(use: Use) -> None:
    theirs = thing("mimir-prod-1", labels={"io.mimir.deployment": "mimir-prod", "io.mimir.role": "service"})
    carrier = thing("mimir-dev-config", labels={"io.mimir.deployment": "mimir-dev"})
    run_cutover(use, Haproxy("new"), theirs, carrier)
    assert theirs.done == carrier.done == []


def test_nobody_who_served_ends_when_requests_do_not_get_through(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    def require(*_: object) -> None:
        raise reachability.NotReachable("503")

    monkeypatch.setattr(reachability, "require_reachable", require)
    old = thing("mimir-dev-1", "service")
    with pytest.raises(reachability.NotReachable):
        run_cutover(use, Haproxy("old", "new"), old)
    assert old.done == []


def test_an_edge_that_was_disconnected_is_connected_again(use: Use) -> None:
    edge = Haproxy("new")
    network = disconnect(edge)
    run_cutover(use, edge)
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
    run_cutover(use, Haproxy("new"), serving)
    assert serving.done == []


def test_a_renamed_edge_has_its_name_again(use: Use) -> None:
    edge = Haproxy("new")
    edge.name = "somebody-elses-idea"
    run_cutover(use, edge)
    assert edge.name == "mimir-dev-edge"


def test_an_edge_that_crashes_without_its_files_is_started_with_them(use: Use, lost: list[bool]) -> None:
    """The engine starts it by itself, at intervals that are longer than anybody waits here."""
    edge = Haproxy("", STOPPED, "new")
    edge.status, lost[0] = "restarting", True
    run_cutover(use, edge)
    assert edge.done == ["restart within 0 s"]


def test_an_edge_that_has_read_its_files_before_they_were_lost_serves_on(use: Use, lost: list[bool]) -> None:
    edge = Haproxy("new")
    lost[0] = True
    run_cutover(use, edge)
    assert edge.done == edge.reloads == []


def test_the_wait_for_the_last_request_has_an_end(use: Use, clock: list[float]) -> None:
    old = thing("mimir-dev-1", "service")
    with pytest.raises(CutoverFailed, match=f"still runs after {EDGE.drain_seconds} s"):
        run_cutover(use, Haproxy("old", "new", old_workers=10_000), old)
    assert clock[0] == pytest.approx(EDGE.drain_seconds + cutover.RELOAD_TIMEOUT_SECONDS, abs=1)
    assert old.done == []
