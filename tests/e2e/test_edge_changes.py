"""Behind the edge things change, fail and die, and nobody who asks sees it.

The clients here are strict: none ever repeats a request, also not on a connection that the server has closed.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import docker
import pytest
import requests
from docker.models.containers import Container

from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.load import Load
from tests.support.e2e.sample import new_answer
from tests.support.e2e.stack import Stack, eventually, kill_group

pytestmark = pytest.mark.e2e

SLOW_SECONDS = 12
EXITS = """package main

import (
	"fmt"
	"os"
)

func init() {
	fmt.Println("this version cannot start")
	os.Exit(7)
}
"""


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Iterator[Stack]:
    stack = new_stack()
    stack.up().ok()
    yield stack


def containers(stack: Stack, engine: docker.DockerClient, role: str) -> list[Container]:
    """The stack's containers in a role, whatever their state."""
    label = f"io.mimir.role={role}"
    return list(engine.containers.list(all=True, filters={"label": [stack.mine["label"], label]}))


def only_one_serves(stack: Stack, engine: docker.DockerClient) -> bool:
    """Whether nothing is left of what was before or was tried."""
    names = [one.name for role in ("service", "edge", "trial") for one in containers(stack, engine, role)]
    return names == [stack.outputs()["container"], stack.outputs()["edge"]]


@contextmanager
def nobody_notices(stack: Stack) -> Iterator[None]:
    """Clients before, while and after, and one request that takes its time: each has a whole and good answer."""
    url, slow = stack.outputs()["url"], []

    def wait() -> None:
        slow.append(http.get(url, f"/api/v1/slow?seconds={SLOW_SECONDS}", timeout=60).status_code)

    with Load(url, clients=5, most=10_000_000, strict=True) as load:
        eventually("requests before", lambda: load.sent > 500)
        request = threading.Thread(target=wait)
        request.start()
        yield
        request.join(timeout=60)
        sent = load.sent
        eventually("requests after", lambda: load.sent > sent + 500)
    print(load.report)
    assert load.report.failed == load.report.reopened == 0, str(load.report)
    assert slow == [200]


def new_image(stack: Stack) -> None:
    """A line of code is changed."""
    new_answer(stack.folder, "changed under load")


def new_configuration(stack: Stack) -> None:
    """The application's configuration file is changed."""
    stack.write(environment={"logLevel": "WARN"})


def new_rules(stack: Stack) -> None:
    """The edge's configuration is changed."""
    stack.write(edge={"corsOrigins": ["https://app.example.com"]})


@pytest.mark.parametrize("change", [new_image, new_configuration, new_rules], ids=lambda change: change.__name__)
def test_a_change_costs_no_request(stack: Stack, engine: docker.DockerClient, change: Callable[[Stack], None]) -> None:
    before = stack.outputs()
    edge = engine.containers.get(before["edge"])
    with nobody_notices(stack):
        change(stack)
        stack.up().ok()
    after = stack.outputs()
    assert only_one_serves(stack, engine)
    assert (after["container"] == before["container"]) is (change is new_rules)
    assert (after["digest"] == before["digest"]) is (change is not new_image)
    started = edge.attrs["State"]["StartedAt"]
    edge.reload()
    assert edge.attrs["State"]["StartedAt"] == started
    assert http.get(after["url"], "/api/v1/answer").json()["answer"] == "changed under load"
    stack.up("--expect-no-changes").ok()


def test_a_crash_costs_no_more_than_a_connection(stack: Stack, engine: docker.DockerClient) -> None:
    """Of one replica: HAProxy asks again for who opens a connection, and leaves it to who keeps one (RFC 9112, 9.3.1).

    Its retries for requests that were under way do not outlast the restart. A request whose answer is lost is sent
    again once only, because it may be what kills the process. When the second answer is lost too, on another
    connection to the process that has ended, the client gets 502.
    """
    clients = 8
    with Load(stack.outputs()["url"], clients=clients, most=10_000_000) as load:
        eventually("requests before", lambda: load.sent > 500)
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{stack.behind()}/api/v1/protected/crash", json={}, timeout=5)
        [container] = containers(stack, engine, "service")
        name = str(container.name)
        eventually("the restart", lambda: engine.containers.get(name).attrs["RestartCount"] == 1)
        sent = load.sent
        eventually("requests after", lambda: load.sent > sent + 500)
    print(load.report)
    assert set(load.report.failures) <= {"status 502"}, str(load.report)
    assert load.report.failed + load.report.reopened <= clients, str(load.report)


def test_a_version_that_does_not_start_is_never_the_stacks(stack: Stack, engine: docker.DockerClient) -> None:
    before = stack.outputs()
    broken = stack.folder / "sample/broken.go"
    with nobody_notices(stack):
        broken.write_text(EXITS)
        text = stack.up().failed().text
    assert "ended with exit code 7" in text and "this version cannot start" in text and "Traceback" not in text
    assert f"{before['container']} still serves" in text
    assert stack.outputs()["container"] == before["container"] and only_one_serves(stack, engine)
    broken.unlink()
    with nobody_notices(stack):
        new_answer(stack.folder, "mended")
        stack.up().ok()
    assert http.get(before["url"], "/api/v1/answer").json()["answer"] == "mended"
    assert only_one_serves(stack, engine)


def test_the_settings_before_a_failed_update_can_be_deployed_again(stack: Stack, engine: docker.DockerClient) -> None:
    """The volume that the failed one replaced has the name of the one that is made again, and serves all the time."""
    before = stack.outputs()
    broken, config = stack.folder / "sample/broken.go", stack.file.read_text()
    with nobody_notices(stack):
        broken.write_text(EXITS)
        stack.write(environment={"maxJobs": 23})
        stack.up().failed()
        broken.unlink()
        del stack.config["environment"]["maxJobs"]
        stack.write()
        assert stack.file.read_text() == config
        stack.up().ok()
    after = stack.outputs()
    assert after["volumes"] == before["volumes"] and after["container"] == before["container"]
    names = [volume.name for volume in engine.volumes.list(filters=stack.mine)]
    assert [name for name in names if "-config-" in name] == [before["volumes"]["config"]]
    stack.up("--expect-no-changes").ok()


@pytest.mark.parametrize(
    ("role", "number", "seconds"),
    [("trial", 1, 0), ("service", 2, 0), ("service", 2, 6)],
    ids=["trial", "new", "drain"],
)
def test_an_update_killed_in_the_middle_goes_on_at_the_next(
    stack: Stack, engine: docker.DockerClient, role: str, number: int, seconds: float
) -> None:
    url, words = stack.outputs()["url"], f"killed {seconds} s after a {role}"
    with nobody_notices(stack):
        new_answer(stack.folder, words)
        update = stack.start_up()
        eventually(f"{number} of {role}", lambda: len(containers(stack, engine, role)) >= number, 120)
        time.sleep(seconds)  # until the switch waits for the slow request
        kill_group(update)
        assert http.get(url, "/health").ok
        stack.pulumi("cancel", "--yes", stack.name).ok()
        stack.up().ok()
    assert http.get(url, "/api/v1/answer").json()["answer"] == words
    assert only_one_serves(stack, engine)
    stack.up("--expect-no-changes").ok()


def test_what_a_killed_update_tried_goes_even_when_it_is_taken_back(stack: Stack, engine: docker.DockerClient) -> None:
    answer = stack.folder / "sample/answer.go"
    before = answer.read_text()
    new_answer(stack.folder, "never to be")
    update = stack.start_up()
    eventually("the trial", lambda: containers(stack, engine, "trial"), 120)
    kill_group(update)
    stack.pulumi("cancel", "--yes", stack.name).ok()
    answer.write_text(before)
    stack.up().ok()
    assert only_one_serves(stack, engine)


def test_an_update_that_ends_before_the_switch_goes_on_at_the_next(stack: Stack, engine: docker.DockerClient) -> None:
    """Both versions run then, and the edge knows the old one only, which Pulumi deletes first at the next update."""
    carrier = engine.containers.get(f"{stack.outputs()['edge']}-carrier")
    image = carrier.attrs["Config"]["Image"]
    carrier.remove()
    theirs = engine.containers.create(image, name=carrier.name)
    try:
        with nobody_notices(stack):
            new_answer(stack.folder, "known to nobody yet")
            text = stack.up().failed().text
        assert f"docker container rm {carrier.name}" in text
        assert len(containers(stack, engine, "service")) == 2
    finally:
        theirs.remove()
    with nobody_notices(stack):
        stack.up().ok()
    assert http.get(stack.outputs()["url"], "/api/v1/answer").json()["answer"] == "known to nobody yet"
    assert only_one_serves(stack, engine)


def test_an_edge_that_somebody_removed_is_made_anew(stack: Stack, engine: docker.DockerClient) -> None:
    engine.containers.get(stack.outputs()["edge"]).remove(force=True)
    text = stack.up().failed().text
    assert "-edge was removed behind Pulumi's back" in text and "pulumi up --refresh" in text
    assert "Traceback" not in text
    stack.up("--refresh").ok()
    assert http.get(stack.outputs()["url"], "/health").ok and only_one_serves(stack, engine)


def test_an_edge_that_somebody_stopped_is_started_again(stack: Stack, engine: docker.DockerClient) -> None:
    """As an engine leaves it that was restarted after a signal to the edge."""
    engine.containers.get(stack.outputs()["edge"]).stop()
    assert "-edge did not run (exited), and is started again" in stack.up().ok().text
    assert http.get(stack.outputs()["url"], "/health").ok and only_one_serves(stack, engine)


@pytest.mark.parametrize("role", ["service", "edge"])
def test_a_container_that_was_disconnected_is_connected_again(
    stack: Stack, engine: docker.DockerClient, role: str
) -> None:
    [container] = containers(stack, engine, role)
    network = f"mimir-{stack.name}" + ("-internal" if role == "service" else "")
    engine.networks.get(network).disconnect(container)
    text = stack.up().ok().text
    assert f"{container.name} was disconnected from network {network}, and is connected again" in text
    assert http.get(stack.outputs()["url"], "/health").ok and only_one_serves(stack, engine)


def test_a_paused_edge_is_called_paused(stack: Stack, engine: docker.DockerClient) -> None:
    edge = engine.containers.get(stack.outputs()["edge"])
    edge.pause()
    try:
        stack.write(edge={"corsOrigins": ["https://paused.example.com"]})
        text = stack.up().failed().text
    finally:
        edge.unpause()
    assert f"docker unpause {edge.name}" in text and "Traceback" not in text
    stack.up().ok()


@pytest.mark.parametrize("wrong", ["edge.port", "docker.bindAddress"])
def test_an_edge_that_could_not_bind_is_never_made(stack: Stack, engine: docker.DockerClient, wrong: str) -> None:
    before = {key: dict(stack.config.get(key, {})) for key in ("edge", "docker")}
    with nobody_notices(stack), socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        if wrong == "edge.port":
            stack.write(edge={"port": other.getsockname()[1]})
        else:
            stack.write(docker={"bindAddress": "192.0.2.1"})
        text = stack.up().failed().text
        assert f"mimir:{wrong}" in text and "nothing was changed" in text and "Traceback" not in text
        stack.config.update(before)
        stack.write()
        stack.up("--expect-no-changes").ok()
    assert only_one_serves(stack, engine)


def test_an_image_of_the_edge_that_cannot_be_had_changes_nothing(stack: Stack, engine: docker.DockerClient) -> None:
    """Not even when the application's own is new at the same time."""
    before = stack.outputs()
    with nobody_notices(stack):
        new_answer(stack.folder, "new beside a wrong edge")
        stack.write(edge={"image": "127.0.0.1:5000/no/such:1"})
        text = stack.up().failed().text
    assert "127.0.0.1:5000/no/such:1" in text and "Traceback" not in text
    assert stack.outputs()["container"] == before["container"] and only_one_serves(stack, engine)
    with nobody_notices(stack):
        del stack.config["edge"]["image"]
        stack.write()
        stack.up().ok()
    assert http.get(before["url"], "/api/v1/answer").json()["answer"] == "new beside a wrong edge"


def test_a_stack_gets_rid_of_its_edge_and_gets_it_back(stack: Stack, engine: docker.DockerClient) -> None:
    """As a stack of before there were edges does; the port is whose turn it is."""
    url, edge = stack.outputs()["url"], stack.config["edge"]
    http.note(url, "kept all the while")
    stack.config["edge"] = {"kind": "none"}
    stack.write()
    stack.up().ok()
    assert http.get(url, "/api/v1/config").ok, "nothing is closed now"
    assert [one.name for one in engine.containers.list(filters=stack.mine)] == [f"mimir-{stack.name}"]
    assert "edge" not in stack.outputs()
    stack.config["edge"] = edge
    stack.write()
    stack.up().ok()
    assert http.get(url, "/api/v1/config").status_code == 403
    assert http.notes(url)[-1] == "kept all the while"
    assert only_one_serves(stack, engine)
