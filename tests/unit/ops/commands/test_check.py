"""`ops check`: a good deployment passes, and each thing that a user would miss fails it by its name."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from components.docker.engine import engine
from components.settings import Settings
from ops.checks import client
from ops.checks.forward import port_forward
from ops.commands import check
from ops.stack import stack_settings
from ops.stack.stack_error import StackError
from tests.support.configuration import merged
from tests.support.fake_edge import Front, served
from tests.support.program import SECRET

PRODUCTION = {"runtime": "production", "environment": {"jwtSecret": SECRET}}
Check = Callable[..., int]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Front], Front]]:
    """Starts a front door."""
    with ExitStack() as running:
        yield lambda front: running.enter_context(served(front, tmp_path))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Checks a front door, with these settings and arguments; its containers are as they should be."""
    monkeypatch.setattr("ops.checks.running.run_checks", lambda outputs, settings: iter(()))

    def checked(front: Front, config: Any = None, outputs: Any = None, **given: Any) -> int:
        settings = Settings.model_validate(config or {})
        monkeypatch.setattr(stack_settings, "load_settings", lambda stack, overrides: settings)
        monkeypatch.setattr(check, "outputs", lambda stack: outputs or front.outputs())
        usual = {"stack": "dev", "digest": "", "address": "", "wait": 0, "evidence": tmp_path / "evidence"}
        return check.run(argparse.Namespace(**{**usual, **given}))

    return checked


def failures(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines about what failed."""
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]


@pytest.mark.parametrize("production", [False, True])
def test_a_good_deployment_passes(
    serve: Callable[[Front], Front], run: Check, capsys: pytest.CaptureFixture[str], production: bool
) -> None:
    front = serve(Front(required=production, tls=production))
    assert run(front, PRODUCTION if production else {}, digest=front.outputs()["digest"]) == 0
    assert failures(capsys) == []
    assert "POST /api/v1/config/save" in front.asked and "GET /metrics" in front.asked


@pytest.mark.parametrize(
    ("broken", "output"),
    [
        ({"status": {"GET /health": 503}}, "GET /health says that it is healthy: status 503"),
        ({"status": {"GET /not/served": 200}}, "GET /not/served is 404: found 200, expected 404"),
        ({"status": {"GET /metrics": 200}}, "GET /metrics is 404: found 200"),
        ({"status": {"POST /api/v1/config/save": 200}}, "POST /api/v1/config/save is 403: found 200"),
        ({"status": {"PUT /api/v1/protected/check": 404}}, "PUT /api/v1/protected/check is 403: found 404"),
        ({"status": {"GET /api/v1/pipelines": 200}}, "GET /api/v1/pipelines is 401: found 200"),
        ({"headers": {"X-Request-ID": ""}}, "a request keeps its id: found None"),
        ({"headers": {"Access-Control-Allow-Origin": "*"}}, "an unknown origin may not read a response: found *"),
        ({"headers": {"Server": "haproxy"}}, "no response names the server: found haproxy"),
        ({"headers": {"Strict-Transport-Security": ""}}, "HSTS over TLS, and never without: found None"),
        ({"tls": False, "headers": {"Strict-Transport-Security": "max-age=31536000"}}, "TLS, and no plain HTTP"),
    ],
)
def test_what_is_wrong_fails_by_its_name(
    serve: Callable[[Front], Front],
    run: Check,
    capsys: pytest.CaptureFixture[str],
    broken: dict[str, Any],
    output: str,
) -> None:
    front = serve(Front(**{"required": True, "tls": True, **broken}))
    assert run(front, PRODUCTION) == 1
    assert any(output in line for line in failures(capsys))


def test_every_failure_is_said_at_once_and_kept_as_evidence(
    serve: Callable[[Front], Front], run: Check, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    front = serve(Front(status={"GET /metrics": 200, "GET /not/served": 200}))
    assert run(front, digest="sha256:" + "0b" * 32) == 1
    assert len(failures(capsys)) == 3
    kept = json.loads((tmp_path / "evidence/check-dev.json").read_text())
    assert kept["digest"] == front.outputs()["digest"]
    assert sum(not one["passed"] for one in kept["checks"]) == 3


def test_an_opened_group_wants_to_know_who_asks(
    serve: Callable[[Front], Front], run: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    config = merged(PRODUCTION, {"edge": {"opened": ["tools"]}})
    assert run(serve(Front(required=True, tls=True)), config) == 1
    assert [line.split(":")[0] for line in failures(capsys)] == ["FAIL  POST /mcp/tools/execute is 401"]


def test_a_certificate_that_nobody_vouches_for_is_taken_only_from_the_stack_itself(
    serve: Callable[[Front], Front], run: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    front = serve(Front(required=True, tls=True))
    vouched = {**front.outputs(), "health": front.outputs()["health"].replace("--insecure ", "")}
    assert run(front, PRODUCTION, vouched) == 1
    assert "certificate verify failed" in failures(capsys)[0]


def test_a_stack_that_was_never_deployed(run: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StackError, match="is not deployed: make up STACK=dev"):
        run(Front(), outputs={"digest": "sha256:0"})


class TestDoor:
    """Where the outputs lead to."""

    @pytest.mark.parametrize(
        ("health", "hosts", "found"),
        [
            ("curl -fsS http://127.0.0.1:8080/health", (), ("http", "127.0.0.1:8080", "127.0.0.1", False)),
            (
                "curl -fsS --insecure --connect-to ::10.0.0.9:443 https://mimir.example.com/health",
                ("mimir.example.com",),
                ("https", "10.0.0.9:443", "mimir.example.com", True),
            ),
            (
                "curl -fsS https://mimir.example.com/health",
                (),
                ("https", "mimir.example.com:443", "mimir.example.com", False),
            ),
            ("curl -fsS http://127.0.0.1:8080/health", ("a.example",), ("http", "127.0.0.1:8080", "a.example", False)),
        ],
    )
    def test_it_does_what_the_curl_does(self, health: str, hosts: tuple[str, ...], found: tuple[object, ...]) -> None:
        with client.open_client({"health": health}, hosts) as front:
            assert (front.scheme, front.address, front.host, front.insecure) == found

    def test_an_address_that_nobody_knows_has_to_be_given(self) -> None:
        outputs = {"health": "curl -fsS http://<any node>:30080/health".replace("<any node>", "'<any node>'")}
        with pytest.raises(StackError, match="--address"), client.open_client(outputs, ()):
            pass
        with client.open_client(outputs, (), "10.0.0.1:30080") as front:
            assert front.address == "10.0.0.1:30080"


def script(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Make `text` the kubectl of this test."""
    (folder / "kubectl").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


class TestForward:
    """A port into the cluster, for the time of the check."""

    COMMAND = "kubectl --context c --namespace n port-forward service/mimir 8443:443"

    def test_a_free_port_is_used_and_the_process_ends(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        noted = 'echo "$@" > called; echo $$ > pid; echo "Forwarding from 127.0.0.1:40123 -> 443"; exec sleep 60'
        script(tmp_path, monkeypatch, f"cd {tmp_path}; {noted}")
        with port_forward(self.COMMAND) as port:
            assert port == 40123
        assert (tmp_path / "called").read_text().split()[-2:] == ["service/mimir", ":443"]
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)

    def test_what_kubectl_says_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        script(tmp_path, monkeypatch, 'echo "error: no pod is running" >&2; exit 1')
        with pytest.raises(StackError, match="no pod is running"), port_forward(self.COMMAND):
            pass


class TestRunning:
    """What the platform says of the replicas."""

    LOGS = "kubectl --context c --namespace mimir-prod logs --follow"

    @pytest.mark.parametrize(
        ("ready", "image", "kind", "failed"),
        [
            (2, "i@sha256:1", "ClusterIP", []),
            (1, "i@sha256:1", "ClusterIP", ["all 2 pods of the workload", "all 2 pods of the edge"]),
            (2, "i@sha256:2", "ClusterIP", ["the pods run the deployed image"]),
            (2, "i@sha256:1", "LoadBalancer", ["metrics are inside of the cluster only"]),
        ],
    )
    def test_a_cluster(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ready: int, image: str, kind: str, failed: list[str]
    ) -> None:
        from ops.checks import running

        deployment = {
            "spec": {"replicas": 2, "template": {"spec": {"containers": [{"image": image}]}}},
            "status": {"readyReplicas": ready, "updatedReplicas": 2},
        }
        (tmp_path / "deployment.json").write_text(json.dumps(deployment))
        (tmp_path / "service.json").write_text(json.dumps({"spec": {"type": kind}}))
        script(tmp_path, monkeypatch, f'test "$4 $5" = "mimir-prod get" && cat {tmp_path}/$6.json')
        outputs = {
            "namespace": "mimir-prod",
            "workload": "mimir",
            "edge": "mimir-edge",
            "image": "i@sha256:1",
            "service": "mimir-prod.mimir-prod.svc:8080",
            "logs": self.LOGS,
        }
        problems = [result.name for result in running.run_checks(outputs, Settings()) if result.problem]
        assert len(problems) == len(failed)
        assert all(name.startswith(start) for name, start in zip(problems, failed, strict=True))

    @pytest.mark.parametrize(
        ("image", "health", "address", "failed"),
        [
            ("i@sha256:1", "healthy", "127.0.0.1", []),
            ("i@sha256:2", "healthy", "127.0.0.1", ["the container runs the deployed image"]),
            ("i@sha256:1", "starting", "127.0.0.1", ["the container is healthy"]),
            ("i@sha256:1", "healthy", "0.0.0.0", ["metrics are on loopback at most"]),
            ("i@sha256:1", "healthy", "", ["metrics are on loopback at most"]),
        ],
    )
    def test_an_engine(
        self, monkeypatch: pytest.MonkeyPatch, image: str, health: str, address: str, failed: list[str]
    ) -> None:
        from ops.checks import running

        attrs = {
            "Config": {"Image": image},
            "State": {"Status": "running", "Health": {"Status": health}},
            "HostConfig": {"PortBindings": {"9090/tcp": [{"HostIp": address, "HostPort": "9090"}]}},
        }
        container = argparse.Namespace(attrs=attrs)
        client = argparse.Namespace(containers=argparse.Namespace(get=lambda name: container))
        monkeypatch.setattr(engine, "client", lambda host: client)
        outputs = {"container": "mimir-dev-1", "edge": "mimir-dev-edge", "image": "i@sha256:1"}
        assert [result.name for result in running.run_checks(outputs, Settings()) if result.problem] == failed
