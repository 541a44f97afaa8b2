"""The cluster that the user names: asked with the user's kubectl, and nothing is made, stopped or hidden for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import toolchain.__main__ as command_line
from tests.support.fake_programs import pretend
from toolchain import environment, gobuild
from toolchain.ensure import refresh_cluster
from toolchain.golang import Go
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.progress import Progress
from toolchain.report import Source
from toolchain.services.catalogue import cluster_in_use, every, services
from toolchain.services.cluster import programs
from toolchain.services.cluster.named import NamedCluster
from toolchain.services.cluster.places import Places
from toolchain.services.cluster.service import Cluster
from toolchain.state import State

CONTEXT = "kind-mimir"


def nodes(ready: str) -> str:
    """What `kubectl get nodes` prints of one node."""
    status = {"conditions": [{"type": "Ready", "status": ready}], "nodeInfo": {"kubeletVersion": "v1.35.1"}}
    return json.dumps({"items": [{"metadata": {"name": "one"}, "status": status}]})


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def machine(layout: Layout, tmp_path: Path) -> Machine:
    return Machine(layout, {"PATH": str(tmp_path / "bin"), "MIMIR_TEST_CONTEXT": CONTEXT})


def test_it_is_used_if_it_answers_and_nobody_has_to_be_root(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.services.cluster.service.is_root", lambda: False)
    called = pretend(tmp_path / "bin", "kubectl", nodes("True"))
    [service] = services(machine, Progress(), ["cluster"])
    row = service.ensure()
    assert (row.version, row.source) == ("1.35.1", Source.RUNNING)
    assert CONTEXT in row.why and "MIMIR_TEST_CONTEXT" in row.why
    assert called.read_text().splitlines()[:2] == ["--context", CONTEXT]
    assert not machine.layout.artefacts.exists() and not machine.layout.packages.exists(), "nothing was got for it"


def test_a_silent_one_is_one_error_with_its_cause(machine: Machine, tmp_path: Path) -> None:
    refused = "The connection to the server 127.0.0.1:1 was refused"
    pretend(tmp_path / "bin", "kubectl", code=1)
    with (tmp_path / "bin/kubectl").open("w") as program:
        program.write(f"#!/bin/sh\necho 'E1128 memcache.go: noise' >&2\necho '{refused}' >&2\nexit 1\n")
    with pytest.raises(Problem) as caught:
        NamedCluster(machine, Progress()).ensure()
    assert refused in caught.value.what and CONTEXT in caught.value.what and "noise" not in caught.value.what
    assert "kubectl config get-contexts" in caught.value.fix and "unset MIMIR_TEST_CONTEXT" in caught.value.fix


@pytest.mark.parametrize("answer", [nodes("Unknown"), '{"items": []}'], ids=["not ready", "no node"])
def test_one_without_a_node_that_is_ready_is_refused(machine: Machine, tmp_path: Path, answer: str) -> None:
    pretend(tmp_path / "bin", "kubectl", answer)
    with pytest.raises(Problem, match="no node"):
        NamedCluster(machine, Progress()).ensure()


def test_an_answer_of_another_form_is_no_traceback(machine: Machine, tmp_path: Path) -> None:
    pretend(tmp_path / "bin", "kubectl", "Welcome!")
    assert not NamedCluster(machine, Progress()).look().ok


def test_the_users_kubectl_fits_the_users_cluster(machine: Machine, tmp_path: Path) -> None:
    pretend(tmp_path / "bin", "kubectl", "Client Version: v1.28.4")
    machine.found_go = Go(str(pretend(tmp_path / "bin", "go", "linux").with_suffix("")), "1.26.8", Source.INSTALLED)
    built = gobuild.artefact(programs.KUBECTL, machine.found_go, machine.layout)
    built.folder.mkdir(parents=True)
    assert programs.kubectl(machine) is None
    (tmp_path / "bin/kubectl").unlink()
    assert programs.kubectl(machine) == built.folder / "kubectl"


def test_without_any_kubectl_it_is_said_what_gets_one(machine: Machine) -> None:
    row = NamedCluster(machine, Progress()).look()
    assert "no kubectl" in row.why and row.fix == "make cluster"


@pytest.mark.parametrize("name", ["", "mimir-test"])
def test_the_built_ones_name_is_no_other_cluster(layout: Layout, name: str) -> None:
    chosen = cluster_in_use(Machine(layout, {"PATH": "/nowhere", "MIMIR_TEST_CONTEXT": name}), Progress())
    assert isinstance(chosen, Cluster)


def test_its_kubeconfig_is_the_users_though_another_run_used_the_built_one(machine: Machine) -> None:
    state = State({}, {Cluster.name: {"KUBECONFIG": "/built"}})
    assert "KUBECONFIG" not in environment.additions(machine.layout, state, machine.environment)
    assert environment.additions(machine.layout, state, {})["KUBECONFIG"] == "/built"
    assert refresh_cluster(machine, state)
    assert state.services == {Cluster.name: {}}


def test_the_built_one_can_still_be_stopped(machine: Machine) -> None:
    Places.of(machine.layout).pki.mkdir(parents=True)
    kinds = [type(service) for service in every(machine, Progress())]
    assert kinds[-2:] == [Cluster, NamedCluster]
    assert NamedCluster(machine, Progress()).stop() == []


def test_what_is_printed_names_it_and_says_what_is_next(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ensured(*_: Any) -> list[Any]:
        return []

    monkeypatch.setenv("MIMIR_TOOLCHAIN_HOME", str(layout.home))
    monkeypatch.setenv("MIMIR_TEST_CONTEXT", CONTEXT)
    monkeypatch.setattr("toolchain.ensure.ensure", ensured)
    assert command_line.main(["ensure", "--group", "cluster"]) == 0
    output = capsys.readouterr().out
    assert CONTEXT in output and "make e2e" in output and "make stop" not in output
