"""After a deployment to a cluster somebody is served, or the command fails and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.checks import reachability
from ops.checks.forward import port_forward
from ops.commands import up
from ops.update.unchanged import Unchanged
from tests.support.fake_edge import Front
from tests.support.fake_edge import served as serve


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachability, "TIMEOUT_SECONDS", 0)


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with serve(Front(), tmp_path) as front:
        yield front


@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_answer_of_the_edge_is_enough(front: Front, status: int) -> None:
    front.status["GET /health"] = status
    assert reachability.verify("prod", front.outputs())
    assert front.asked == ["GET /health"]


@pytest.mark.parametrize("status", [404, 502, 503])
def test_nobody_served_is_an_error_with_a_way_out(
    front: Front, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    front.status["GET /health"] = status
    assert not reachability.verify("prod", front.outputs())
    text = capsys.readouterr().err
    assert f"does not serve requests: status {status}" in text and "make refresh STACK=prod" in text


def test_a_service_that_cannot_be_reached_from_here_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """A pipeline may be kept away from it."""
    assert reachability.verify("prod", Front(port=1).outputs())
    assert "warning: the service does not respond to this machine" in capsys.readouterr().err


def test_a_forwarded_port_that_does_not_answer_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], front: Front
) -> None:
    """What kubectl forwards leads past every firewall."""
    monkeypatch.setattr("ops.checks.client.port_forward", lambda command: port_forward(f"{command} #"))
    monkeypatch.setattr("shutil.which", lambda name: name)
    line = "Forwarding from 127.0.0.1:1 -> 80"
    outputs = front.outputs(forward=f"sh -c 'echo \"{line}\"; exec cat' 80:80")
    assert not reachability.verify("prod", outputs)
    assert "does not serve requests" in capsys.readouterr().err


def test_without_kubectl_the_reader_is_told(
    front: Front, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert reachability.verify("prod", front.outputs(forward="kubectl port-forward service/mimir 80:80"))
    assert "kubectl is not installed" in capsys.readouterr().err


@pytest.mark.parametrize("ended", [0, Unchanged(7)], ids=["updated", "unchanged"])
def test_a_deployment_to_a_cluster_ends_with_a_request(monkeypatch: pytest.MonkeyPatch, ended: int | Unchanged) -> None:
    monkeypatch.setattr("ops.stack.cli.setting", lambda stack, *path: "kubernetes")
    monkeypatch.setattr(up, "export_state", lambda stack: {})
    monkeypatch.setattr(reachability, "verify", lambda stack, outputs: False)
    assert up.verify_reachable("prod", ended) == up.UNREACHABLE
    monkeypatch.setattr(reachability, "verify", lambda stack, outputs: True)
    assert up.verify_reachable("prod", ended) is ended
    assert up.verify_reachable("prod", 3) == 3, "a failure stays what it is"
