"""The registry before anything is built: there, away, silent, none at all, or with another password."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from components.docker.engine import engine
from components.image import registry
from components.problems import Problem
from components.settings import Registry, Settings
from tests.support import property_wire

USER, PASSWORD = "ci", "reg1stry-passw0rd"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def problems(where: Registry) -> list[Problem]:
    """What is wrong with a registry, for a stack with nothing else in its settings."""
    return registry.problems(Settings(registry=where))


class Stub(ThreadingHTTPServer):
    """A registry of a kind: open, basic, bearer, missing, or a bearer whose challenge names no realm."""

    def __init__(self, kind: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.kind = kind
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers as the distribution specification says."""

    server: Stub

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        known = self.headers.get("Authorization") == BASIC
        kind, token = self.server.kind, self.path.startswith("/token")
        if kind == "missing":
            self.answer(404)
        elif kind == "open" or (known and (kind == "basic" or token)):
            self.answer(200)
        elif kind == "basic" or token:
            self.answer(401, 'Basic realm="stub"')
        elif kind == "bearer":
            self.answer(401, f'Bearer realm="http://{self.server.address}/token",service="stub"')
        else:
            self.answer(401, 'Bearer service="stub"')

    def answer(self, status: int, challenge: str = "") -> None:
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stub(request: pytest.FixtureRequest) -> Iterator[Stub]:
    """A running stub of the kind that the test is parametrised with."""
    with Stub(request.param) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def stored(no_login: Path) -> Path:
    """The file of `docker login`, not there yet."""
    return no_login


def at(address: str, password: str | None = None) -> Registry:
    """A registry with these credentials in the settings."""
    user = {"username": USER, "password": password} if password else {}
    return Registry.model_validate({"address": address, "repository": "team/mimir", **user})


def login(stored: Path, address: str, password: str = PASSWORD) -> None:
    """What `docker login` writes."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    stored.write_text(json.dumps({"auths": {address: {"auth": auth}}}))


def only(found: list[Problem]) -> Problem:
    """The only problem."""
    assert len(found) == 1
    assert PASSWORD not in str(found[0])
    return found[0]


@pytest.mark.parametrize("stub", ["open"], indirect=True)
def test_an_open_registry(stub: Stub) -> None:
    assert problems(at(stub.address)) == []
    assert stub.asked == ["/v2/"]


@pytest.mark.parametrize("stub", ["basic", "bearer"], indirect=True)
class TestLogin:
    """A registry that wants to know who pushes, in both ways that there are."""

    def test_the_right_password(self, stub: Stub) -> None:
        assert problems(at(stub.address, PASSWORD)) == []

    def test_a_wrong_password(self, stub: Stub) -> None:
        found = only(problems(at(stub.address, "wr0ng-passw0rd")))
        assert found.key == "mimir:registry.password"
        assert f'refuses user "{USER}"' in found.found
        assert "wr0ng-passw0rd" not in str(found)

    def test_no_password(self, stub: Stub) -> None:
        found = only(problems(at(stub.address)))
        assert found.key == "mimir:registry.username"
        assert "no credentials" in found.found
        assert found.fix == f"docker login {stub.address}"

    def test_a_stored_login(self, stub: Stub, stored: Path) -> None:
        login(stored, stub.address)
        assert problems(at(stub.address)) == []

    def test_a_stored_login_that_is_refused(self, stub: Stub, stored: Path) -> None:
        login(stored, stub.address, "0ld-passw0rd")
        found = only(problems(at(stub.address)))
        assert found.key == "mimir:registry.username"
        assert f'stored for user "{USER}"' in found.found
        assert "0ld-passw0rd" not in str(found)

    def test_the_settings_win_over_a_stored_login(self, stub: Stub, stored: Path) -> None:
        login(stored, stub.address, "0ld-passw0rd")
        assert problems(at(stub.address, PASSWORD)) == []

    def test_a_login_for_another_registry_is_not_sent(self, stub: Stub, stored: Path) -> None:
        login(stored, "registry.example.com")
        assert "no credentials" in only(problems(at(stub.address))).found

    def test_a_login_in_a_credential_helper(self, stub: Stub, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        helper = stored.parent / "docker-credential-stub"
        helper.write_text(f'#!/bin/sh\necho \'{{"Username": "{USER}", "Secret": "{PASSWORD}"}}\'\n')
        helper.chmod(0o700)
        monkeypatch.setenv("PATH", f"{stored.parent}:/usr/bin:/bin")
        stored.write_text(json.dumps({"credsStore": "stub"}))
        assert problems(at(stub.address)) == []

    def test_a_stored_token_is_a_login_although_it_cannot_be_tried(self, stub: Stub, stored: Path) -> None:
        stored.write_text(json.dumps({"auths": {stub.address: {"auth": "MDA6", "identitytoken": "t0ken"}}}))
        assert problems(at(stub.address)) == []

    @pytest.mark.filterwarnings("ignore:docker-credential")
    def test_a_credential_helper_that_is_not_installed_does_not_end_in_a_traceback(
        self, stub: Stub, stored: Path
    ) -> None:
        stored.write_text(json.dumps({"credsStore": "not-installed-anywhere"}))
        assert only(problems(at(stub.address))).key.startswith("mimir:registry")


@pytest.mark.parametrize("stub", ["open", "bearer"], indirect=True)
def test_a_proxy_is_not_asked_for_this_machines_own_registry(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert problems(at(stub.address, PASSWORD)) == []


@pytest.mark.parametrize("stub", ["bearer"], indirect=True)
def test_a_token_is_asked_for_the_push_that_will_come(stub: Stub) -> None:
    problems(at(stub.address, PASSWORD))
    query = parse_qs(urlsplit(stub.asked[-1]).query)
    assert query == {"service": ["stub"], "scope": ["repository:team/mimir:pull,push"]}


@pytest.mark.parametrize("stub", ["no realm"], indirect=True)
def test_a_challenge_without_a_realm_does_not_end_in_a_traceback(stub: Stub) -> None:
    assert only(problems(at(stub.address, PASSWORD))).key.startswith("mimir:registry")


@pytest.mark.parametrize("stub", ["missing"], indirect=True)
def test_a_web_server_that_is_no_registry(stub: Stub) -> None:
    found = only(problems(at(stub.address)))
    assert found.key == "mimir:registry.address"
    assert "404" in found.found


def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        found = only(problems(at(address)))
    assert found.key == "mimir:registry.address"
    assert f'"{address}"' in found.found
    assert f"-p {address}:5000 registry:2" in found.fix


def test_a_silent_server_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hang_up = threading.Timer(5, silent.close)  # a wait without a limit must fail here, and not hang
        hang_up.start()
        found = only(problems(at(f"127.0.0.1:{silent.getsockname()[1]}")))
        hang_up.cancel()
    assert found.key == "mimir:registry.address"
    assert "Timeout" in found.found


class TestPull:
    """The credentials that the engine pulls with."""

    def test_stored_logins_are_named_and_not_copied(self, stored: Path) -> None:
        login(stored, "registry.example.com")
        auth = engine._registry_auth(at("registry.example.com"))
        assert len(auth) == 1
        assert vars(auth[0]).get("password") is None
        assert PASSWORD not in property_wire.in_the_clear([str(vars(one)) for one in auth])

    def test_without_credentials_there_are_none(self) -> None:
        assert engine._registry_auth(at("registry.example.com")) == []
