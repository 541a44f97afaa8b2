"""An image that is given by its digest: nothing is built, everything downstream names it, the registry must have it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
import requests
from requests.adapters import HTTPAdapter

from components import preflight
from components.docker.engine import engine, ports, taken_ports
from components.docker.engine.engine import Engine
from components.docker.rollout import registry_copy
from components.image import prebuilt_image, registry
from components.problems import DeploymentError, Problem
from components.settings import Settings
from components.validation import warnings
from ops.update.source_argument import BadSource, overrides
from tests.support import program
from tests.support.configuration import after, load, merged, problem, problems
from tests.support.program import Run, completed
from tests.support.rendered import on_docker, on_kubernetes

DIGEST = "sha256:" + "0a" * 32
GIVEN = {"image": {"digest": DIGEST}}
BOTH = [{"platform": {"os": "linux", "architecture": one}} for one in ("amd64", "arm64")]
ATTESTATION = {"platform": {"os": "unknown", "architecture": "unknown"}}
PASSWORD = "reg1stry-passw0rd"
TOKEN = "t0ken"

Answer = tuple[int, Mapping[str, Any]]
Put = Callable[[Callable[[requests.PreparedRequest], Answer]], list[str]]


@pytest.fixture(scope="module", params=["dev", "staging", "prod"])
def stack(request: pytest.FixtureRequest) -> Run:
    """Each committed stack, with a digest for one run as `make up DIGEST=` gives it."""
    return program.run(completed(request.param), request.param, overrides=overrides("", False, DIGEST))


def test_the_given_digest_runs_and_nothing_is_built(stack: Run) -> None:
    assert [one.name for one in stack.resources if one.options.type.startswith("docker-build:")] == []
    rendered = on_docker(stack) if "container" in stack.outputs else on_kubernetes(stack)
    assert rendered.image == f"127.0.0.1:5000/mimir@{DIGEST}"


def test_the_outputs_say_what_runs(stack: Run) -> None:
    assert stack.outputs["digest"] == DIGEST
    assert stack.outputs["image"] == f"127.0.0.1:5000/mimir@{DIGEST}"
    assert stack.outputs["platforms"] == ["linux/amd64", "linux/arm64"]


def test_a_digest_and_a_build_differ_in_nothing_but_the_image() -> None:
    """So that a stack that goes from one to the other replaces what runs only if the digest is another one."""
    config = completed("dev")
    built, given = program.run(config), program.run(merged(config, GIVEN))

    def downstream(run: Run, digest: Any) -> list[str]:
        # The order in which they are asked for is nobody's promise.
        return sorted(
            f"{one.options.type} {one.name} {one.inputs!r}".replace(digest, "<digest>")
            for one in run.resources
            if not one.options.type.startswith("docker-build:")
        )

    assert downstream(given, DIGEST) == downstream(built, built.outputs["digest"])


def test_what_only_a_build_looks_at_is_named_in_one_warning() -> None:
    config = merged(GIVEN, {"source": {"location": "https://x.example.com/y.git"}, "image": {"noCache": True}})
    [said] = warnings.collect_warnings(Settings.model_validate(load(config).settings))
    assert said == ("mimir:image.digest: nothing is built, so these have no effect: source.location, image.noCache.")
    assert warnings.collect_warnings(load(GIVEN).settings) == []


def test_a_source_that_cannot_be_built_is_in_nobodys_way() -> None:
    assert problems({"source": {"location": "nowhere"}}) != ()
    assert problems(merged(GIVEN, {"source": {"location": "nowhere"}})) == ()
    [found] = problems(merged(GIVEN, {"source": {"location": "https://me:pass@x.example.com/y.git"}}))
    assert "credentials" in found.found, "they would be in the state all the same"


def test_development_mode_builds_an_image_of_its_own() -> None:
    config = merged(GIVEN, {"liveReload": True})
    found = problem(config)
    assert found.key == "mimir:image.digest" and "liveReload" in found.found
    assert load(after(found.fix, config)).settings.live_reload


class TestForOneRun:
    """`make up DIGEST=...`"""

    def test_it_is_the_setting(self) -> None:
        assert load({}, overrides=overrides("", False, DIGEST)).settings.image.digest == DIGEST

    @pytest.mark.parametrize("digest", ["latest", DIGEST[:-1], DIGEST.upper(), f"{DIGEST}\n"])
    def test_what_is_no_digest(self, digest: str) -> None:
        with pytest.raises(BadSource, match="64 hexadecimal digits"):
            overrides("", False, digest)

    @pytest.mark.parametrize(("source", "live"), [("./sample", False), ("", True)])
    def test_nothing_else_that_would_build(self, source: str, live: bool) -> None:
        with pytest.raises(BadSource, match="leave out SOURCE="):
            overrides(source, live, DIGEST)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch, no_login: Path) -> Put:
    """Puts a function in place of the network: from a request to status and JSON; returns what is asked for."""

    def instead(answer: Callable[[requests.PreparedRequest], Answer]) -> list[str]:
        asked: list[str] = []

        def send(_: HTTPAdapter, request: requests.PreparedRequest, **__: object) -> requests.Response:
            asked.append(str(request.url))
            made = requests.Response()
            made.request, made.url = request, str(request.url)
            made.status_code, body = answer(request)
            made._content = json.dumps(body).encode()
            if made.status_code == 401:
                made.headers["WWW-Authenticate"] = body["wants"]
            return made

        monkeypatch.setattr(HTTPAdapter, "send", send)
        return asked

    return instead


def look(**sections: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the digest for a stack with these settings."""
    return prebuilt_image.problems(Settings.model_validate(merged(GIVEN, sections)))


@pytest.mark.parametrize(("status", "is_told"), [(200, False), (404, True), (403, False), (500, False)])
def test_who_runs_what_the_registry_has_lost_is_told(
    put: Put, monkeypatch: pytest.MonkeyPatch, status: int, is_told: bool
) -> None:
    asked = put(lambda request: (status, {}))
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", told.append)
    reference = f"127.0.0.1:5000/mimir@{DIGEST}"
    assert registry_copy.warn_if_missing(Settings(), "ready", reference) == "ready"
    assert asked == [f"http://127.0.0.1:5000/v2/mimir/manifests/{DIGEST}"]
    assert bool(told) == is_told
    assert all(reference in text and "pulumi up --replace 'urn:pulumi:" in text for text in told)


def test_the_registry_is_asked_for_the_very_digest(put: Put) -> None:
    asked = put(lambda request: (200, {"manifests": [*BOTH, ATTESTATION]}))
    assert look(registry={"repository": "team/mimir"}) == []
    assert asked == [f"http://127.0.0.1:5000/v2/team/mimir/manifests/{DIGEST}"]
    assert prebuilt_image.problems(Settings()) == [], "and for nothing where none is given"
    assert len(asked) == 1


def test_a_digest_that_is_not_there(put: Put) -> None:
    put(lambda request: (404, {}))
    [found] = look()
    assert found.key == "mimir:image.digest"
    assert DIGEST in found.found and "127.0.0.1:5000/mimir does not have" in found.found
    assert "linux/amd64 and linux/arm64" in found.allowed
    assert load(after(found.fix, GIVEN)).settings.image.digest is None


def test_a_digest_without_one_of_the_platforms(put: Put) -> None:
    put(lambda request: (200, {"manifests": BOTH[:1]}))
    [found] = look()
    assert found.found.endswith("which has no linux/arm64")
    assert look(image={"platforms": ["linux/amd64"]}) == []


def test_an_image_of_one_platform_is_known_by_its_configuration(put: Put) -> None:
    """A build for one platform is no index."""

    def answer(request: requests.PreparedRequest) -> Answer:
        if "/blobs/sha256:c0" in str(request.url):
            return 200, {"os": "linux", "architecture": "arm64"}
        return 200, {"config": {"digest": "sha256:c0"}}

    put(answer)
    assert look(image={"platforms": ["linux/arm64"]}) == []
    assert look(image={"platforms": ["linux/amd64"]})[0].found.endswith("which has no linux/amd64")


@pytest.mark.parametrize("kind", ["Basic", "Bearer"])
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_a_registry_that_wants_a_login(put: Put, kind: str, password: str) -> None:
    basic = "Basic " + base64.b64encode(f"ci:{PASSWORD}".encode()).decode()

    def answer(request: requests.PreparedRequest) -> Answer:
        said = request.headers.get("Authorization")
        if str(request.url).startswith("https://auth.example.com/"):
            return (200, {"token": TOKEN}) if said == basic else (401, {"wants": "Basic"})
        if said == (f"Bearer {TOKEN}" if kind == "Bearer" else basic):
            return 200, {"manifests": BOTH}
        return 401, {"wants": f'{kind} realm="https://auth.example.com/token",service="x"'}

    asked = put(answer)
    found = look(registry={"address": "registry.example.com", "username": "ci", "password": password})
    assert [one.key for one in found] == ([] if password == PASSWORD else ["mimir:image.digest"])
    assert PASSWORD not in str(found) and password not in str(found)
    scopes = [url for url in asked if "scope=" in url]
    assert all(url.endswith("scope=repository%3Amimir%3Apull") for url in scopes), "it need not be allowed to push"
    assert bool(scopes) is (kind == "Bearer")


@pytest.mark.parametrize("body", [[], {}, {"config": {}}, {"manifests": 5}])
def test_an_answer_that_is_no_manifest(put: Put, body: Any) -> None:
    put(lambda request: (200, body))
    [found] = look()
    assert found.key == "mimir:registry.address" and DIGEST in found.found


class TestPreflight:
    """A given digest has to be there before anything is created, and its source does not."""

    @pytest.fixture(autouse=True)
    def machine(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine, "inspect_engine", lambda _: Engine((1, 47)))
        monkeypatch.setattr(ports, "problems", lambda *_: [])
        monkeypatch.setattr(taken_ports, "container_conflicts", lambda *_: [])
        monkeypatch.setattr(taken_ports, "problems", lambda *_: [])
        monkeypatch.setattr(registry, "problems", lambda _: [])

    settings = Settings.model_validate(merged(GIVEN, {"source": {"location": "gone"}}))

    def test_nothing_is_staged(self, put: Put) -> None:
        put(lambda request: (200, {"manifests": BOTH}))
        assert preflight.check(self.settings, "dev") == (None, Engine((1, 47)))

    @pytest.mark.parametrize("preview", [False, True])
    def test_a_digest_that_is_not_there_ends_it(self, put: Put, monkeypatch: pytest.MonkeyPatch, preview: bool) -> None:
        monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
        put(lambda request: (404, {}))
        with pytest.raises(DeploymentError) as caught:
            preflight.check(self.settings, "dev")
        assert [one.key for one in caught.value.problems] == ["mimir:image.digest"]

    def test_a_registry_that_is_away_is_one_problem(self, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
        away = registry.unreachable(self.settings.registry, "ConnectionError")
        monkeypatch.setattr(registry, "problems", lambda _: [away])
        asked = put(lambda request: (404, {}))
        with pytest.raises(DeploymentError) as caught:
            preflight.check(self.settings, "dev")
        assert (caught.value.problems, asked) == ((away,), [])
