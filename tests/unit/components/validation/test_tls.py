"""The certificate and the public key that a stack brings: what is wrong with one is said before it is used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from components.problems import Problem
from tests.support.configuration import after, at, fixable, load, merged, problem, problems, refusal, settings
from tests.support.edge_tables import FILES, GIVEN, MADE, PUBLIC_KEY
from tests.support.settings_tables import CLUSTER

OTHER = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.now(UTC)


def pem(key: Any, passphrase: bytes = b"") -> str:
    """A private key."""
    secret = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret).decode())


def certificate(*names: str, start: datetime = NOW, days: int = 10) -> str:
    """A certificate of these names for OTHER."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(OTHER.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return builder.sign(OTHER, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def given(chain: str = MADE["chain"], key: str = MADE["key"], hosts: list[str] | None = None) -> dict[str, Any]:
    """A stack with a certificate of its own."""
    return {"edge": {"tls": {"mode": "given", "certificate": chain, "key": key}, "hosts": hosts or []}}


def mended(found: Problem, config: dict[str, Any], folder: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The configuration after the command of a problem, where the files that it reads are there."""
    patch.chdir(folder)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return after(found.fix, config)


class TestBelonging:
    """Each mode has settings of its own."""

    @pytest.mark.parametrize("name", ["certificate", "key"])
    def test_a_given_certificate_needs_both_parts(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = given()
        del config["edge"]["tls"][name]
        found = problem(config)
        assert found.key == f"mimir:edge.tls.{name}"
        assert load(mended(found, config, tmp_path, monkeypatch))

    @pytest.mark.parametrize("mode", ["off", "selfSigned", None])
    def test_a_certificate_that_would_not_be_used(self, mode: str | None) -> None:
        config = given()
        config["edge"]["tls"]["mode"] = mode
        found = refusal(config).problems
        assert [one.key for one in found] == ["mimir:edge.tls.certificate", "mimir:edge.tls.key"]
        assert load(after(found[0].fix, config))
        assert MADE["key"] not in str(found)

    def test_an_issuer_that_would_not_be_asked(self) -> None:
        config = at("edge.tls", {"mode": "selfSigned", "issuer": "letsencrypt"})
        assert problem(config).key == "mimir:edge.tls.issuer"

    def test_cert_manager_lives_in_a_cluster(self) -> None:
        config = {"edge": {"tls": {"mode": "certManager"}}}
        fixable("edge.tls.mode", config)

    def test_cert_manager_needs_to_know_whom_to_ask_for_what(self) -> None:
        config = merged(CLUSTER, {"edge": {"tls": {"mode": "certManager"}}})
        found = refusal(config).problems
        assert [one.key for one in found] == ["mimir:edge.tls.issuer", "mimir:edge.hosts"]
        assert load(after(found[1].fix, after(found[0].fix, config)))


class TestGiven:
    """A certificate that clients will accept."""

    @pytest.mark.parametrize(
        "hosts",
        [[], ["mimir.example.com"], ["a.apps.example.com", "b.apps.example.com"], ["192.0.2.1", "mimir.example.com"]],
    )
    def test_a_good_one(self, hosts: list[str]) -> None:
        assert settings(given(hosts=hosts))

    @pytest.mark.parametrize(
        "host", ["example.com", "apps.example.com", "a.b.apps.example.com", "192.0.2.2", "xapps.example.com"]
    )
    def test_a_host_that_is_not_its_own(self, host: str) -> None:
        found = problem(given(hosts=["mimir.example.com", host]))
        assert found.key == "mimir:edge.tls.certificate"
        assert f"not of {host}" in found.found
        assert "mimir.example.com" in found.found

    def test_one_without_names(self) -> None:
        """Clients look at the alternative names alone (RFC 9525, section 6.1)."""
        found = problem(given(certificate(), pem(OTHER), ["mimir.example.com"]))
        assert "of no name" in found.found

    def test_one_that_has_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        config = given(certificate("a", start=NOW - timedelta(days=20)), pem(OTHER))
        found = problem(config)
        assert found.found == f"a certificate that ended on {NOW - timedelta(days=10):%Y-%m-%d}"
        assert [one.key for one in problems(mended(found, config, tmp_path, monkeypatch))] == ["mimir:edge.tls.key"]

    def test_one_that_has_not_begun(self) -> None:
        found = problem(given(certificate("a", start=NOW + timedelta(days=2)), pem(OTHER)))
        assert found.key == "mimir:edge.tls.certificate"

    def test_one_that_is_none(self) -> None:
        found = problem(given("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
        assert found.found == "a text that is no certificate"

    def test_a_private_key_in_the_clear(self) -> None:
        error = refusal(given(MADE["chain"] + MADE["key"]))
        assert [one.key for one in error.problems] == ["mimir:edge.tls.certificate"]
        assert "treat it as leaked" in str(error)
        assert MADE["key"].splitlines()[1] not in str(error)

    @pytest.mark.parametrize(
        ("key", "found"),
        [
            (pem(OTHER), "the key of another certificate"),
            (pem(rsa.generate_private_key(65537, 2048)), "the key of another certificate"),
            (pem(OTHER, b"passphrase"), "a key with a passphrase"),
            ("hunter22", "a text that is no private key"),
            ("-----BEGIN PRIVATE KEY-----\nhunter22\n-----END PRIVATE KEY-----", "a text that is no private key"),
            (MADE["chain"], "a text that is no private key"),
        ],
        ids=["another", "another sort", "locked", "a word", "broken", "a certificate"],
    )
    def test_a_key_that_does_not_fit_is_not_shown(
        self, key: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = given(key=key)
        error = refusal(config)
        assert [one.key for one in error.problems] == ["mimir:edge.tls.key"]
        assert error.problems[0].found == f"{found} (not shown)"
        assert not [line for line in key.splitlines() if len(line) > 6 and "---" not in line and line in str(error)]
        assert load(mended(error.problems[0], config, tmp_path, monkeypatch))

    def test_a_key_in_plain_text_is_refused(self) -> None:
        error = refusal(GIVEN, encrypted=[])
        assert [one.key for one in error.problems] == ["mimir:edge.tls.key"]
        assert MADE["key"].splitlines()[1] not in str(error)


class TestTokenKey:
    """`jwt.publicKey`: with a wrong one every token is refused."""

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            (OTHER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), "not RSA's"),
            (
                rsa.generate_private_key(65537, 1024)
                .public_key()
                .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                .decode(),
                "of 1024 bits",
            ),
            ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "no public key"),
        ],
        ids=["another sort", "short", "broken"],
    )
    def test_one_that_lets_nobody_in(
        self, text: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = at("edge.authentication.jwt", {"publicKey": text, "issuer": "a", "audience": "b"})
        said = problem(config)
        assert said.key == "mimir:edge.authentication.jwt.publicKey"
        assert found in said.found
        assert load(mended(said, config, tmp_path, monkeypatch))

    def test_a_good_one(self) -> None:
        assert settings(at("edge.authentication.jwt", {"publicKey": PUBLIC_KEY, "issuer": "a", "audience": "b"}))
