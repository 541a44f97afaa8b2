"""Production deploys a digest only with the signature that is believed; nothing is changed before that is known."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import preflight
from components.docker.engine import engine, ports
from components.docker.engine.engine import Engine
from components.image import attestations, image_signature, prebuilt_image, registry
from components.problems import DeploymentError
from components.settings import Settings
from components.validation import warnings
from tests.support.configuration import after, load, merged, problem
from tests.support.program import SECRET
from tests.support.project import PROJECT

DIGEST = "sha256:" + "0a" * 32
AMD, ARM = ("sha256:" + pair * 32 for pair in ("1b", "2c"))
IDENTITY = "https://github.com/team/mimir/.github/workflows/deploy.yml@refs/heads/main"
PASSWORD = "-".join(["reg1stry", "passw0rd"])
PUBLIC = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"

PRODUCTION = {"runtime": "production", "environment": {"jwtSecret": SECRET}, "image": {"digest": DIGEST}}
WITH_KEY = merged(PRODUCTION, {"image": {"signature": {"key": "signing.pub"}}})
WITH_IDENTITY = merged(PRODUCTION, {"image": {"signature": {"identity": IDENTITY}}})
UNSIGNED = merged(PRODUCTION, {"image": {"signature": {"allowUnsigned": True}}})

TOOL = """#!/bin/sh
# cosign or crane: answers from files, notes its arguments, and what it was told of the registry's login.
here=$(dirname "$0")
echo "$(basename "$0") $*" >> "$here/called"
test -f "$DOCKER_CONFIG/config.json" && cat "$DOCKER_CONFIG/config.json" >> "$here/login"
case "$(basename "$0") $*" in
"cosign trusted-root"*) exit 0;;
*cyclonedx*) answer=cyclonedx;;
*slsaprovenance1*) answer=slsaprovenance1;;
"cosign verify "*) answer=signature;;
*) answer=manifest;;
esac
test -f "$here/$answer" || { echo "WARNING: x" >&2; echo "Error: no $answer of that signer" >&2; exit 1; }
cat "$here/$answer"
"""


def envelope(kind: str, predicate: Any) -> str:
    """A line of `cosign verify-attestation`."""
    statement = {"predicateType": attestations.TYPES[kind], "predicate": predicate}
    return json.dumps({"payload": base64.b64encode(json.dumps(statement).encode()).decode()}) + "\n"


@pytest.fixture
def tools(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_login: Path) -> Path:
    """The folder with cosign and crane, which see a digest that is signed and described as it should be."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("cosign", "crane"):
        (folder / name).write_text(TOOL)
        (folder / name).chmod(0o755)
    index = [
        {"platform": {"os": "linux", "architecture": name}, "digest": digest}
        for name, digest in (("amd64", AMD), ("arm64", ARM))
    ]
    (folder / "manifest").write_text(json.dumps({"mediaType": attestations.INDEX_TYPES[0], "manifests": index}))
    critical = {"type": attestations.SIGNATURE, "image": {"docker-manifest-digest": DIGEST}}
    (folder / "signature").write_text(json.dumps([{"critical": critical}]))
    (folder / "slsaprovenance1").write_text(envelope(attestations.PROVENANCE, {}))
    boms = [envelope(attestations.SBOM, {"metadata": {"component": {"version": one}}}) for one in (AMD, ARM)]
    (folder / "cyclonedx").write_text("".join(boms))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    Path("signing.pub").write_text(PUBLIC)
    return folder


def found(config: Any, stack: str = "prod") -> list[tuple[str, str]]:
    """What keeps the stack from being deployed: keys, and what was found there."""
    settings = Settings.model_validate(config)
    return [(problem.key, problem.found) for problem in image_signature.problems(settings, stack)]


def called(tools: Path, beginning: str) -> list[str]:
    """The calls of a tool."""
    return [line for line in (tools / "called").read_text().splitlines() if line.startswith(beginning)]


def test_a_signed_and_described_digest_is_deployed_with_a_key(tools: Path) -> None:
    assert found(WITH_KEY) == []
    verifying = called(tools, "cosign verify")
    assert len(verifying) == 3 and all(f"127.0.0.1:5000/mimir@{DIGEST}" in line for line in verifying)
    assert all(f"--key {Path('signing.pub').resolve()}" in line and "--trusted-root=" in line for line in verifying)


def test_an_identity_is_compared_exactly(tools: Path) -> None:
    assert found(WITH_IDENTITY) == []
    for line in called(tools, "cosign verify"):
        assert f"--certificate-identity={IDENTITY} " in line and "regexp" not in line
        assert "--certificate-oidc-issuer=https://token.actions.githubusercontent.com" in line


@pytest.mark.parametrize("lost", ["signature", "slsaprovenance1", "cyclonedx"])
def test_a_digest_that_lacks_something_is_refused(tools: Path, lost: str) -> None:
    (tools / lost).unlink()
    [(key, what)] = found(WITH_KEY)
    assert key == "mimir:image.digest" and f"no {lost} of that signer" in what


def test_a_signature_over_another_digest_is_none(tools: Path) -> None:
    text = (tools / "signature").read_text()
    (tools / "signature").write_text(text.replace(DIGEST, AMD))
    [(_, what)] = found(WITH_KEY)
    assert "it is for another digest" in what


def test_every_platform_needs_a_bill_of_materials(tools: Path) -> None:
    (tools / "cyclonedx").write_text((tools / "cyclonedx").read_text().splitlines()[0] + "\n")
    [(_, what)] = found(WITH_KEY)
    assert "linux/arm64" in what and "linux/amd64" not in what


@pytest.mark.parametrize("tool", ["cosign", "crane"])
def test_without_the_tools_nothing_passes_for_verified(tools: Path, tool: str) -> None:
    (tools / tool).unlink()
    [problem] = image_signature.problems(Settings.model_validate(WITH_KEY), "prod")
    assert f"{tool} is not installed" in problem.found
    assert tool == "crane" or problem.fix == image_signature.ENSURE


def test_an_answer_that_is_no_json_does_not_pass(tools: Path) -> None:
    (tools / "signature").write_text("<html>")
    assert [key for key, _ in found(WITH_KEY)] == ["mimir:image.digest"]


@pytest.mark.parametrize("content", [None, "-----BEGIN ENCRYPTED SIGSTORE " + "PRIVATE KEY-----\nhidden", "x"])
def test_a_key_that_is_none_is_named_and_not_shown(tools: Path, content: str | None) -> None:
    Path("signing.pub").unlink()
    if content is not None:
        Path("signing.pub").write_text(content)
    [(key, what)] = found(WITH_KEY)
    assert key == "mimir:image.signature.key" and "signing.pub" in what and "hidden" not in what


def test_the_registrys_password_reaches_the_tools_and_no_command_line(tools: Path) -> None:
    login = {"registry": {"address": "registry.example.com", "username": "ci", "password": PASSWORD}}
    assert found(merged(WITH_KEY, login)) == []
    encoded = base64.b64encode(f"ci:{PASSWORD}".encode()).decode()
    assert encoded in (tools / "login").read_text()
    text = (tools / "called").read_text()
    assert PASSWORD not in text and encoded not in text


@pytest.mark.parametrize("insecure", [True, False])
def test_a_registry_without_tls_is_only_asked_where_that_is_allowed(tools: Path, insecure: bool) -> None:
    assert found(merged(WITH_KEY, {"registry": {"insecure": insecure}})) == []
    calls = [*called(tools, "cosign verify"), *called(tools, "crane")]
    assert all(("insecure-registry" in line or "--insecure" in line.split()) is insecure for line in calls)


class TestWithoutASigner:
    """No key and no identity."""

    def test_production_is_told_how_to_name_one(self, tools: Path) -> None:
        [problem] = image_signature.problems(Settings.model_validate(PRODUCTION), "prod")
        assert problem.key == "mimir:image.signature" and DIGEST in problem.found
        fixed = after(problem.fix.partition("#")[0], PRODUCTION)
        assert found(fixed) == []

    def test_what_this_run_builds_is_trusted(self, tools: Path) -> None:
        built = {key: value for key, value in PRODUCTION.items() if key != "image"}
        assert found(built) == [] and not (tools / "called").exists()

    def test_development_is_not_asked_for_one(self, tools: Path) -> None:
        assert found({"image": {"digest": DIGEST}}) == []

    def test_development_that_names_one_verifies_it(self, tools: Path) -> None:
        (tools / "signature").unlink()
        config = {"image": {"digest": DIGEST, "signature": {"key": "signing.pub"}}}
        assert [key for key, _ in found(config)] == ["mimir:image.digest"]

    @pytest.mark.parametrize(
        ("text", "allowed"),
        [
            (None, False),
            ("{}\n", False),
            ("other: The supplier does not sign yet, until 2030.\n", False),
            ("prod: later\n", False),
            ("- prod\n", False),
            ("prod: The supplier does not sign yet, until 2030.\n", True),
        ],
    )
    def test_only_the_platform_teams_file_allows_unsigned_production(
        self, tools: Path, text: str | None, allowed: bool
    ) -> None:
        if text is not None:
            image_signature.ALLOWED_UNSIGNED.parent.mkdir()
            image_signature.ALLOWED_UNSIGNED.write_text(text)
        expected = [] if allowed else ["mimir:image.signature.allowUnsigned"]
        assert [key for key, _ in found(UNSIGNED)] == expected

    def test_it_is_warned_of_every_time(self) -> None:
        [warning] = [
            text for text in warnings.collect_warnings(Settings.model_validate(UNSIGNED)) if "allowUnsigned" in text
        ]
        assert "NO SIGNATURE IS VERIFIED" in warning and DIGEST in warning

    def test_it_is_not_meant_together_with_a_signer(self) -> None:
        config = merged(UNSIGNED, WITH_KEY)
        refused = problem(config)
        assert refused.key == "mimir:image.signature"
        assert load(after(refused.fix, config)).settings.image.signature.key == "signing.pub"


def test_the_projects_own_list_is_empty() -> None:
    file = PROJECT / image_signature.ALLOWED_UNSIGNED
    assert [line for line in file.read_text().splitlines() if not line.startswith("#")] == ["{}"]


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("refuse", [True, False])
def test_a_preview_and_an_update_both_stop_before_anything_is_made(
    tools: Path, monkeypatch: pytest.MonkeyPatch, preview: bool, refuse: bool
) -> None:
    nothing: Callable[..., list[Any]] = lambda *_: []  # noqa: E731
    monkeypatch.setattr(engine, "inspect_engine", lambda _: Engine((1, 47)))
    for module in (ports, registry, prebuilt_image):
        monkeypatch.setattr(module, "problems", nothing)
    monkeypatch.setattr(preflight, "_edge", nothing)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
    settings = Settings.model_validate(WITH_KEY)
    if not refuse:
        assert preflight.check(settings, "prod") == (None, Engine((1, 47)))
        return
    (tools / "signature").unlink()
    with pytest.raises(DeploymentError) as caught:
        preflight.check(settings, "prod")
    assert [problem.key for problem in caught.value.problems] == ["mimir:image.digest"]
