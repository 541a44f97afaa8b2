"""The edge on an engine: the only way in, what it lets through, and what it tells.

The stack is like production: TLS, keys and tokens, metrics. The sample does what the application does to whoever
reaches it, so a request that is let in would be seen.
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from tests.e2e.conftest import NewStack
from tests.support.e2e.load import Load
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import Stack, eventually
from tests.support.edge import tokens

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")]

STRONG = "b7WmRz4kQ-2xVtN8cJ6pLs9dYf3hKg5a"
KEYS = {"ci": "k-4Hn6-of-ci-not-to-be-seen", "ops": "k-9Xw1-of-ops-not-to-be-seen"}
HASHES = {name: hashlib.sha256(key.encode()).hexdigest() for name, key in KEYS.items()}
CI, OPS = ({"X-API-Key": key} for key in KEYS.values())
SENSITIVE = [*KEYS.values(), *HASHES.values(), STRONG, base64.b64encode(STRONG.encode()).decode(), "BEGIN PRIVATE KEY"]

LEAKS: list[tuple[str, str, Any]] = [
    ("GET", "/api/v1/config", None),
    ("PUT", "/api/v1/config", {"logging": {"level": "debug"}}),
    ("POST", "/api/v1/config/save", {"file_path": "/app/data/stolen"}),
    ("POST", "/api/v1/pipelines/execute", {"pipeline_file": "/etc/mimir/config.yaml"}),
    ("POST", "/mcp/tools/execute", {"tool_name": "Input.api", "arguments": {}}),
    ("POST", "/api/v1/protected/crash", {}),
    ("POST", "/api/v1/auth/login", {}),
]
"""What gives secrets, files, the network or the process itself to whoever asks the application."""


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Iterator[Stack]:
    stack = new_stack(runtime="production", docker={"metricsPort": free_port()}, registry={"repository": "edge"})
    stack.secret("environment.jwtSecret", STRONG)
    for name, digest in HASHES.items():
        stack.secret(f"edge.authentication.apiKeys.{name}", digest)
    stack.up().ok()
    yield stack


def ask(stack: Stack, path: str, headers: dict[str, str] | None = None, method: str = "GET", **how: Any) -> Any:
    """The edge's answer."""
    url = f"https://127.0.0.1:{stack.config['environment']['port']}{path}"
    return requests.request(method, url, headers=headers, **{"timeout": 15, "verify": False, **how})


def edge_of(stack: Stack, engine: docker.DockerClient) -> Any:
    """The edge's container."""
    return engine.containers.get(stack.outputs()["edge"])


def test_only_the_edge_is_published_and_only_on_loopback(stack: Stack, engine: docker.DockerClient) -> None:
    published = {
        container.name: {one["HostIp"] for bindings in container.ports.values() for one in bindings or []}
        for container in engine.containers.list(filters=stack.mine)
    }
    assert published == {stack.outputs()["container"]: set(), stack.outputs()["edge"]: {"127.0.0.1"}}


def test_a_second_up_and_a_preview_change_nothing(stack: Stack) -> None:
    stack.preview("--expect-no-changes").ok()
    stack.up("--expect-no-changes").ok()


@pytest.mark.parametrize(("method", "path", "body"), LEAKS, ids=[f"{method} {path}" for method, path, _ in LEAKS])
def test_what_is_dangerous_is_closed_even_to_known_callers(stack: Stack, method: str, path: str, body: Any) -> None:
    answer = ask(stack, path, CI, method, json=body)
    assert (answer.status_code, answer.json()["error"]) == (403, "closed at the edge")
    for way_around in (f"/{path}", f"{path}/", f"/x/..{path}", path.replace("api", "%61pi").replace("mcp", "%6dcp")):
        request = requests.Request(method, "https://127.0.0.1", headers=CI, json=body).prepare()
        request.url = f"https://127.0.0.1:{stack.config['environment']['port']}{way_around}"  # as it is
        with requests.Session() as session:
            assert session.send(request, verify=False, timeout=15).status_code in (403, 404), way_around


def test_past_the_edge_it_is_as_dangerous_as_it_is_said_to_be(stack: Stack, engine: docker.DockerClient) -> None:
    """Or the test before would prove nothing; and nothing of it has happened."""
    opened = requests.post(f"{stack.behind()}{LEAKS[3][1]}", json=LEAKS[3][2], timeout=5)
    assert "config_digest" in opened.text
    stolen = requests.post(
        f"{stack.behind()}/api/v1/pipelines/execute", json={"pipeline_file": "/app/data/stolen"}, timeout=5
    )
    assert "no such file" in stolen.text
    assert engine.containers.get(stack.outputs()["container"]).attrs["RestartCount"] == 0


def test_a_caller_proves_who_it_is(stack: Stack) -> None:
    key = STRONG.encode()
    assert ask(stack, "/health").status_code == 200
    for who in (CI, OPS, tokens.bearer(tokens.hs256(key))):
        assert ask(stack, "/api/v1/answer", who).status_code == 200
    wrong = [
        {},
        {"X-API-Key": "k-guessed"},
        {"X-API-Key": HASHES["ci"]},
        tokens.bearer(tokens.hs256(b"another key of more than 32 bytes")),
        tokens.bearer(tokens.hs256(key, exp=1)),
        tokens.bearer(tokens.hs256(key, exp=None)),
        tokens.bearer(tokens.unsigned("none")),
        tokens.bearer(STRONG),
    ]
    for who in wrong:
        assert ask(stack, "/api/v1/answer", who).status_code == 401, who
        assert ask(stack, "/api/v1/config", who).status_code in (401, 403), who


def test_it_speaks_tls_only_with_a_certificate_for_where_it_is(stack: Stack, tmp_path: Path) -> None:
    port = stack.config["environment"]["port"]
    (tmp_path / "ca.pem").write_text(ssl.get_server_certificate(("127.0.0.1", port)))
    answer = ask(stack, "/health", verify=str(tmp_path / "ca.pem"))
    assert answer.ok and answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/health", timeout=5)


def test_the_edge_is_hardened(stack: Stack, engine: docker.DockerClient) -> None:
    attributes = edge_of(stack, engine).attrs
    host, config = attributes["HostConfig"], attributes["Config"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert config["User"] == "65532:65532"
    assert (host["Memory"], host["MemorySwap"]) == (128 << 20, 128 << 20)
    assert host["CpuQuota"] / host["CpuPeriod"] == 1
    assert host["PidsLimit"] == 256
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "5"}}
    assert {mount["Destination"]: mount["RW"] for mount in attributes["Mounts"]} == {"/etc/mimir-edge": False}
    assert attributes["State"]["Health"]["Status"] == "healthy"


def test_both_have_metrics_and_only_this_machine_sees_them(stack: Stack) -> None:
    for url in stack.outputs()["metrics"].split():
        assert url.startswith(f"http://127.0.0.1:{stack.config['docker']['metricsPort']}/metrics")
        text = requests.get(url, timeout=5).text
        assert ("mimir_requests_total" if url.endswith("/application") else "haproxy_frontend_http_requests") in text
        assert not [one for one in SENSITIVE if one in text]
        assert text.count("\nmimir_up{") == url.endswith("/application"), "one process is counted once"
    assert ask(stack, "/metrics", CI).status_code == 404


def test_the_access_log_says_who_and_what_and_nothing_else(stack: Stack, engine: docker.DockerClient) -> None:
    ask(stack, "/api/v1/answer?token=in-the-query", {**CI, "X-Request-ID": "request-of-a-test"})
    ask(stack, "/api/v1/answer", {"X-API-Key": "k-guessed"})
    container = edge_of(stack, engine)

    def logged() -> list[dict[str, Any]]:
        lines = container.logs(stderr=False).decode().splitlines()
        return [json.loads(line) for line in lines if "request-of-a-test" in line]

    [line] = eventually("the line", logged)
    expected = {"user": "ci", "auth": "key", "method": "GET", "path": "/api/v1/answer", "status": 200}
    assert expected.items() <= line.items()
    assert line["replica"] == stack.outputs()["container"]
    everything = container.logs().decode()
    for secret in (*SENSITIVE, "in-the-query", "k-guessed"):
        assert secret not in everything


def test_nobody_else_can_read_a_secret(stack: Stack, engine: docker.DockerClient) -> None:
    shown = stack.pulumi("stack", "export").text + json.dumps(stack.outputs()) + stack.preview("--diff").text
    shown += stack.file.read_text()
    shown += "".join(file.read_text(errors="replace") for file in stack.backend.rglob("*") if file.is_file())
    for container in engine.containers.list(all=True, filters=stack.mine):
        shown += json.dumps(container.attrs) + container.logs().decode()
        shown += str(container.top()) if container.status == "running" else ""
    assert "mimir-edge-carrier" in shown, "the state was read"
    assert not [one for one in SENSITIVE if one in shown]


def test_a_key_is_revoked_without_a_restart_and_without_a_lost_request(
    stack: Stack, engine: docker.DockerClient
) -> None:
    before = {name: engine.containers.get(stack.outputs()[name]).attrs["State"] for name in ("container", "edge")}
    assert ask(stack, "/api/v1/answer", CI).status_code == 200
    url = stack.outputs()["url"]
    with Load(url, "/api/v1/answer", headers=OPS, clients=4, strict=True, seconds=60) as load:
        stack.pulumi("config", "rm", "--path", "mimir:edge.authentication.apiKeys.ci", "--stack", stack.name).ok()
        stack.up().ok()
    print(load.report)
    assert load.report.requests > 500 and load.report.failed == load.report.reopened == 0, str(load.report)
    assert ask(stack, "/api/v1/answer", CI).status_code == 401
    for name, state in before.items():
        assert engine.containers.get(stack.outputs()[name]).attrs["State"]["StartedAt"] == state["StartedAt"], name


def test_destroy_takes_the_edge_and_leaves_the_data(stack: Stack, engine: docker.DockerClient) -> None:
    """And the application's configuration, which `make destroy` removes (components/docker/config_volume.py)."""
    configuration = stack.outputs()["volumes"]["config"]
    stack.pulumi("state", "unprotect", "--all", "--yes", "--stack", stack.name).ok()
    stack.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack.name).ok()
    assert not engine.containers.list(all=True, filters=stack.mine) and not engine.networks.list(filters=stack.mine)
    kept = {configuration, *(f"mimir-{stack.name}-{name}" for name in ("data", "logs", "plugins"))}
    assert {volume.name for volume in engine.volumes.list(filters=stack.mine)} == kept, "not the edge's files"
