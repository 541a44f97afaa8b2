"""What settings must fulfil together: each rule trips, and passes."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.edge import self_signed
from components.settings import Settings
from components.settings.values import jwt_secret
from components.validation.core import DRAIN_MARGIN_SECONDS
from tests.support.configuration import at, fixable, load, merged, problem, refusal, settings
from tests.support.program import SECRET

COMMIT = "0123456789abcdef0123456789abcdef01234567"

FIXED_BY_A_COMMAND = [
    pytest.param("contract", {"contract": "mimir-1.0"}, id="contract"),
    pytest.param("probe.timeoutSeconds", {"probe": {"intervalSeconds": 5, "timeoutSeconds": 6}}, id="probe"),
    pytest.param("shutdown.graceSeconds", {"shutdown": {"graceSeconds": 34}}, id="grace"),
    pytest.param("shutdown.drainSeconds", {"shutdown": {"drainSeconds": 29}}, id="drain"),
    pytest.param("docker.bindAddress", at("docker.bindAddress", "127.0.0.256"), id="address"),
    pytest.param("docker.bindAddress", at("docker.bindAddress", "127.0.0.01"), id="address with a zero"),
    pytest.param("registry.address", at("docker.host", "tcp://engine:2376"), id="tcp engine, registry here"),
    pytest.param("registry.address", at("docker.host", "ssh://me@engine"), id="ssh engine, registry here"),
    pytest.param(
        "liveReload",
        {"liveReload": "true", "docker": {"host": "ssh://me@engine"}, "registry": {"address": "registry.example.com"}},
        id="live on another machine",
    ),
    pytest.param("image.caBundle", at("image.caBundle", "/nowhere/ca.pem"), id="bundle"),
    pytest.param("source.location", at("source.location", "/nowhere"), id="no folder"),
    pytest.param("source.location", at("source.location", "docs"), id="no module"),
    pytest.param("liveReload", {"liveReload": "true", "source": {"commit": COMMIT}}, id="live of a commit"),
    pytest.param(
        "liveReload",
        {"liveReload": "true", "runtime": "production", "environment": {"jwtSecret": SECRET}},
        id="live production",
    ),
    *(
        pytest.param(f"environment.{table}.{name}", at(f"environment.{table}", {name: "x"}), id=f"{table} {name}")
        for table in ("variables", "secretVariables")
        for name in ("MIMIR_PORT", "MIMIR_JWT_SECRET", "GOMAXPROCS", "HOME", "lower", "1ST", "A-B")
    ),
    pytest.param('environment.variables["a.b"]', at("environment.variables", {"a.b": "x"}), id="a name with a dot"),
    pytest.param(
        "environment.variables.TOKEN",
        {"environment": {"variables": {"TOKEN": "x"}, "secretVariables": {"TOKEN": "y"}}},
        id="in both",
    ),
]


@pytest.mark.parametrize(("key", "config"), FIXED_BY_A_COMMAND)
def test_a_broken_rule_names_its_key_and_a_command_that_mends_it(key: str, config: dict[str, Any]) -> None:
    fixable(key, config)


@pytest.mark.parametrize(
    "config",
    [
        {"probe": {"intervalSeconds": 5, "timeoutSeconds": 5}},
        {"shutdown": {"graceSeconds": 35}},
        {"shutdown": {"drainSeconds": 30, "graceSeconds": 30 + DRAIN_MARGIN_SECONDS}},
        {"runtime": "production", "environment": {"jwtSecret": SECRET}},
        {"registry": {"username": "ci", "password": "token"}},
        {"docker": {"bindAddress": "255.255.255.255"}},
        {"docker": {"host": "ssh://me@engine"}, "registry": {"address": "registry.example.com"}},
        {"docker": {"host": "unix:///var/run/docker.sock"}, "liveReload": "true"},
        {"docker": {"host": "tcp://127.0.0.1:2375"}, "liveReload": "true"},
        {"docker": {"host": "tcp://localhost:2375"}},
        {"source": {"location": "https://git.example.com/a.git", "commit": COMMIT}},
        {"source": {"location": "git@git.example.com:a/b.git", "commit": COMMIT}},
        {"source": {"location": "docs", "commit": COMMIT}},
        {"liveReload": "true"},
        {"environment": {"variables": {"OWN": "x"}, "secretVariables": {"_OTHER_1": "y"}}},
    ],
)
def test_what_keeps_to_the_rules_passes(config: dict[str, Any]) -> None:
    assert settings(config)


def test_a_drain_that_the_application_will_take_needs_its_grace() -> None:
    found = problem({"shutdown": {"drainSeconds": 100, "graceSeconds": 104}})
    assert (found.key, found.found) == ("mimir:shutdown.graceSeconds", "104")
    assert "(105)" in found.allowed


@pytest.mark.parametrize("url", ["https://git.example.com/a.git", "git@git.example.com:a.git", "file:///a"])
def test_a_url_needs_a_commit(url: str) -> None:
    found = problem(at("source.location", url))
    assert found.key == "mimir:source.commit"
    assert f"git ls-remote -- {url} HEAD" in found.fix


def test_rules_leave_alone_what_is_wrong_in_itself() -> None:
    error = refusal({"runtime": "production", "environment": {"port": 80}})
    assert [one.key for one in error.problems] == ["mimir:environment.port"]


class TestCredentials:
    """A user and a password belong together."""

    def test_a_user_without_a_password(self) -> None:
        found = problem(at("registry.username", "ci"))
        assert found.key == "mimir:registry.password"
        assert found.fix.startswith("pulumi config set --secret --path 'mimir:registry.password'")

    def test_a_password_without_a_user(self) -> None:
        assert problem(at("registry.password", "hunter2")).key == "mimir:registry.username"


class TestJwtSecret:
    """MIMIR_JWT_SECRET in production, and weak ones anywhere."""

    def test_production_needs_one(self) -> None:
        found = problem({"runtime": "production"})
        assert found.key == "mimir:environment.jwtSecret"
        assert "openssl rand -base64 48" in found.fix
        assert "--secret" in found.fix

    @pytest.mark.parametrize(
        "weak",
        [
            "Zx9!kQ2#vT7$mB4%nR6^wL8&jH1*pD3",
            "abababababababababababababababababababab",
            "change-me-in-production-please-now",
            "CHANGE-ME-in-production-0x7Gq!fW2e",
            "your-secret-key-9Q!x7Zr$w2Lm#v8Tn4B",
            "correct-horse-password-battery-9!Q",
            "0123456789abcdefghijklmnopqrstuvwx",
        ],
    )
    @pytest.mark.parametrize("runtime", ["development", "production"])
    def test_weak_ones_are_refused_and_not_repeated(self, weak: str, runtime: str) -> None:
        error = refusal({"runtime": runtime, "environment": {"jwtSecret": weak}})
        assert [one.key for one in error.problems] == ["mimir:environment.jwtSecret"]
        assert weak not in str(error)
        assert error.problems[0].found.startswith("a secret")

    def test_the_reason_is_named(self) -> None:
        assert problem(at("environment.jwtSecret", "x" * 31)).found == "a secret of 31 bytes"
        assert "distinct characters" in problem(at("environment.jwtSecret", "x" * 64)).found
        assert "well-known" in problem(at("environment.jwtSecret", "change-me-" + SECRET)).found

    @pytest.mark.parametrize("encode", [bytes.hex, lambda raw: base64.b64encode(raw).decode()], ids=["hex", "base64"])
    def test_random_ones_are_accepted(self, encode: Callable[[bytes], str]) -> None:
        made = [encode(hashlib.sha256(str(number).encode()).digest()) for number in range(500)]
        assert [text for text in made if jwt_secret.weakness(text)] == []

    def test_length_counts_bytes(self) -> None:
        assert jwt_secret.weakness("äöüßéèêàâçñ" + "é" * 5) is None

    @pytest.mark.parametrize(
        ("section", "name", "value"),
        [
            ("environment", "jwtSecret", SECRET),
            ("environment", "secretVariables", {"TOKEN": "hunter22"}),
            ("registry", "password", "hunter22"),
            ("image", "goProxy", "https://me:hunter22@proxy.example.com"),
        ],
    )
    def test_a_secret_in_plain_text_is_refused_and_not_repeated(self, section: str, name: str, value: Any) -> None:
        config = merged(at(f"{section}.{name}", value), at("registry.username", "ci") if section == "registry" else {})
        error = refusal(config, encrypted=[])
        assert [one.key for one in error.problems] == [f"mimir:{section}.{name}"]
        assert "hunter22" not in str(error)
        assert SECRET not in str(error)
        assert error.problems[0].fix.startswith(f"pulumi config set --secret --path 'mimir:{section}.{name}'")

    def test_a_secret_for_one_run_does_not_have_to_be_encrypted(self) -> None:
        loaded = load({}, encrypted=[], overrides=at("environment.jwtSecret", SECRET))
        assert loaded.settings.environment.jwt_secret is not None
        assert SECRET not in str(loaded.warnings)


def test_a_plain_secret_beside_an_encrypted_one_is_refused(tmp_path: Path) -> None:
    """Pulumi marks the whole section as encrypted, so the stack file itself is read."""
    values = {"jwtSecret": SECRET, "secretVariables": {"TOKEN": {"secure": "v1:abc"}}}
    (tmp_path / "sample").mkdir()
    (tmp_path / "sample/go.mod").touch()
    (tmp_path / "Pulumi.test.yaml").write_text(yaml.safe_dump({"config": {"mimir:environment": values}}))
    config = {"environment": {"jwtSecret": SECRET, "secretVariables": {"TOKEN": "decrypted"}}}
    error = refusal(config, encrypted=["environment"], folder=tmp_path)
    assert [one.key for one in error.problems] == ["mimir:environment.jwtSecret"]


def test_credentials_in_the_url_of_the_source_are_refused_and_not_repeated() -> None:
    url = "https://me:hunter22@git.example.com/a/b.git"
    error = refusal(merged(at("source.location", url), at("source.commit", "0" * 40)))
    assert [one.key for one in error.problems] == ["mimir:source.location"]
    assert "hunter22" not in str(error)


def test_a_folder_that_the_container_cannot_read_is_not_mounted(tmp_path: Path) -> None:
    folder = tmp_path / "my service"
    (folder / "deep").mkdir(parents=True)
    (folder / "go.mod").write_text("module example.com/service\n")
    for path in (folder / "go.mod", folder / "deep", folder):
        path.chmod(0o600 if path.is_file() else 0o700)
    config = {"liveReload": "true", "source": {"location": str(folder)}}
    found = problem(config)
    assert found.key == "mimir:source.location"
    assert found.fix.startswith("chmod ")
    subprocess.run(["sh", "-euc", found.fix], check=True)
    assert settings(config)
    assert (folder / "go.mod").stat().st_mode & 0o777 == 0o644, "what is in it as well"
    folder.chmod(0o700)
    assert settings(at("source.location", str(folder))), "a build reads it as its user"


def test_a_bundle_that_is_there_is_accepted(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text(self_signed.make(["ca.example.com"])["chain"])
    assert settings(at("image.caBundle", str(bundle))).image.ca_bundle == str(bundle)


def test_defaults_break_no_rule() -> None:
    assert settings({}) == Settings()
