"""The test cluster as a service: had by who asks for it, in nobody's way who does not, and erased only on demand."""

from __future__ import annotations

import sys
from ipaddress import IPv4Network
from pathlib import Path

import pytest

import toolchain.__main__ as command_line
from toolchain import doctor, ensure, environment, gobuild, groups
from toolchain.golang import Go
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services.catalogue import every
from toolchain.services.cluster import programs, shutdown
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.api import Api
from toolchain.services.cluster.service import Cluster
from toolchain.services.process import Daemon
from toolchain.state import State

KNOWN = Addresses(IPv4Network("10.213.0.0/24"), IPv4Network("10.213.1.0/24"))
PATH = "/nowhere"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def cluster(layout: Layout) -> Cluster:
    return Cluster(Machine(layout, {"PATH": PATH}), Progress())


@pytest.fixture
def made(cluster: Cluster) -> Cluster:
    cluster.places.pki.mkdir(parents=True)
    return cluster


def run(cluster: Cluster, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "running", lambda _: {name: Path("/bin") / name for name in names})


def test_who_has_no_cluster_misses_nothing(cluster: Cluster) -> None:
    assert Cluster.name not in [service.name for service in every(cluster.machine, Progress())]
    assert cluster.environment() == {}
    assert cluster.stop() == []
    assert cluster.look().ok


def test_a_cluster_that_was_stopped_is_shown_and_is_no_problem(made: Cluster) -> None:
    assert Cluster.name in [service.name for service in every(made.machine, Progress())]
    row = made.look()
    assert (row.source, row.ok) == (Source.STOPPED, True)
    assert "make cluster" in row.why


def test_a_part_that_has_ended_is_a_problem_that_names_it(made: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    run(made, tuple(name for name in shutdown.PARTS if name != "scheduler"), monkeypatch)
    row = made.look()
    assert "scheduler" in row.why
    assert row.fix == "make cluster"


@pytest.mark.parametrize(("api", "node", "ok"), [(False, True, False), (True, False, False), (True, True, True)])
def test_a_cluster_is_well_when_its_api_and_its_node_are(
    api: bool, node: bool, ok: bool, made: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(made, shutdown.PARTS, monkeypatch)
    monkeypatch.setattr(Api, "is_ready", lambda _: api)
    monkeypatch.setattr(Api, "node_is_ready", lambda _: node)
    monkeypatch.setattr(Api, "version", lambda _: "1.35.4")
    assert made.look().ok is ok


def test_the_kubeconfig_is_offered_only_while_it_leads_somewhere(
    made: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made.environment() == {}
    run(made, ("apiserver",), monkeypatch)
    assert made.environment() == {"KUBECONFIG": str(made.places.kubeconfig)}


def test_the_users_own_kubeconfig_wins_and_ours_is_not_taken_for_it(made: Cluster) -> None:
    layout, ours = made.machine.layout, str(made.places.kubeconfig)
    state = State({}, {Cluster.name: {"KUBECONFIG": ours}})
    assert environment.additions(layout, state, {})["KUBECONFIG"] == ours
    assert "KUBECONFIG" not in environment.additions(layout, state, {"KUBECONFIG": "/home/me/config"})
    # Without a state that names it, as after a stop.
    assert "KUBECONFIG" not in Machine.of(layout, {"PATH": PATH, "KUBECONFIG": ours}).environment
    assert Machine.of(layout, {"PATH": PATH, "KUBECONFIG": "/mine"}).environment["KUBECONFIG"] == "/mine"


def test_a_cluster_that_another_checkout_stopped_is_forgotten(made: Cluster) -> None:
    state = State({}, {Cluster.name: {"KUBECONFIG": "/gone"}, "Docker engine": {"DOCKER_HOST": "unix:///kept"}})
    assert ensure.refresh_cluster(made.machine, state)
    assert state.services == {Cluster.name: {}, "Docker engine": {"DOCKER_HOST": "unix:///kept"}}
    assert not ensure.refresh_cluster(made.machine, State())


def test_a_cluster_comes_with_what_fills_it() -> None:
    assert groups.with_what_they_need(["cluster"]) == {"cluster", "kubernetes", *groups.DEFAULT_GROUPS}
    assert groups.with_what_they_need(["kubernetes"]) == {"kubernetes", "pulumi"}
    assert groups.with_what_they_need(["docker"]) == {"docker", "pulumi"}


def test_only_root_can_have_one_and_others_are_told_what_they_can_do(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.services.cluster.service.is_root", lambda: False)
    with pytest.raises(Problem) as caught:
        cluster.ensure()
    assert "sudo make cluster" in caught.value.fix
    assert "MIMIR_TEST_CONTEXT=" in caught.value.fix


def test_a_daemon_of_the_cluster_is_stopped_by_its_record_alone(made: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    cleared: list[Path] = []
    monkeypatch.setattr(shutdown, "clear", lambda places: cleared.append(places.run))
    made.places.run.mkdir(parents=True)
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    Daemon("etcd", made.places.root).start(sleeper, {})
    assert shutdown.running(made.places) == {"etcd": Path(sys.executable)}

    assert made.stop() == [Cluster.name]

    assert shutdown.running(made.places) == {}
    assert cleared == [made.places.run], "what a killed node left goes, too"


class Recording:
    """A cluster that only notes what is done to it."""

    name = Cluster.name
    done: list[str]

    def __init__(self, *_: object) -> None:
        pass

    def stop(self) -> list[str]:
        self.done.append("stop")
        return [self.name]

    def erase(self) -> list[str]:
        self.done.append("erase")
        return [f"{self.name}: its data"]


@pytest.mark.parametrize(
    ("arguments", "done", "said"),
    [
        (["stop"], ["stop"], "stopped test cluster\n"),
        (["stop", "--erase", "cluster"], ["stop", "erase"], "stopped test cluster\nerased test cluster: its data\n"),
    ],
)
def test_data_are_erased_only_on_demand_and_after_the_stop(
    arguments: list[str],
    done: list[str],
    said: str,
    layout: Layout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Recording.done = []
    monkeypatch.setenv("MIMIR_TOOLCHAIN_HOME", str(layout.home))
    monkeypatch.setattr("toolchain.services.catalogue.every", lambda *_: [Recording()])
    monkeypatch.setattr("toolchain.services.cluster.service.Cluster", Recording)
    assert command_line.main(arguments) == 0
    assert Recording.done == done
    assert capsys.readouterr().out == said


def test_making_it_ends_with_what_to_type_next(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIMIR_TOOLCHAIN_HOME", str(layout.home))
    monkeypatch.setattr("toolchain.ensure.ensure", lambda *_: [Row(Cluster.name, "1.35.4", Source.STARTED)])
    assert command_line.main(["ensure", "--group", "cluster"]) == 0
    said = capsys.readouterr().out
    for wanted in (f"{layout.home}/services/cluster/kubeconfig", "mimir-test", "make stop", "--erase cluster"):
        assert wanted in said
    assert command_line.main(["ensure"]) == 0
    assert "kubeconfig" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "ours"),
    [("Client Version: v1.35.1", False), ("Client Version: v1.34.0-eks", False), ("Client Version: v1.28.4", True)],
)
def test_kubectl_is_ours_where_the_users_is_missing_or_too_old(
    answer: str, ours: bool, cluster: Cluster, tmp_path: Path
) -> None:
    program = tmp_path / "bin/kubectl"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho linux\n")
    go.chmod(0o755)
    machine = cluster.machine
    machine.found_go = Go(str(go), "1.26.8", Source.INSTALLED)
    built = gobuild.artefact(programs.KUBE, machine.found_go, machine.layout)
    assert programs.kubectl(machine) is None, "it is not built yet"
    built.folder.mkdir(parents=True)
    assert programs.kubectl(machine) == built.folder / "kubectl"
    machine.environment = {"PATH": str(program.parent)}
    assert programs.kubectl(machine) == (built.folder / "kubectl" if ours else None)


def test_the_doctor_counts_a_stopped_cluster_among_what_is_well(made: Cluster) -> None:
    text = doctor.report([made.look()])
    assert "stopped" in text
    assert "PROBLEM" not in text
