"""Encryption at the edge: versions, certificate, HSTS, the redirect, the cookie."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import ssl
import time

import pytest

from components.edge.haproxy.files import Certificate
from tests.support.edge import wire
from tests.support.edge.recorder import Recorder
from tests.support.edge.running import Edges, Running

pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")


def context(oldest: ssl.TLSVersion, newest: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that speaks these versions, however old they are, and checks nothing."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.minimum_version, made.maximum_version = oldest, newest
    return made


def spoken(port: int, client: ssl.SSLContext) -> str | None:
    """The version on which both sides agree."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        return client.wrap_socket(plain, server_hostname="localhost").version()


@pytest.fixture
def encrypted(edges: Edges, recorder: Recorder, certificate: Certificate) -> Running:
    """An edge that encrypts, with a redirect."""
    config = {
        "edge": {"tls": {"mode": "selfSigned"}, "port": 8443, "redirectPort": 8080, "hosts": ["localhost", "127.0.0.1"]}
    }
    return edges.of(config, recorder.port, certificate=certificate)


@pytest.fixture
def strict(edges: Edges, recorder: Recorder, certificate: Certificate) -> Running:
    """An edge that speaks TLS 1.3 only."""
    tls = {"mode": "selfSigned", "minimum": "1.3", "hstsSeconds": 0}
    return edges.of({"edge": {"tls": tls, "port": 443, "redirectPort": 80}}, recorder.port, certificate=certificate)


class TestVersions:
    """`edge.tls.minimum`."""

    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
    def test_what_is_broken_is_not_spoken(self, encrypted: Running, version: ssl.TLSVersion) -> None:
        with pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION|protocol version"):
            spoken(encrypted.port, context(version, version))

    def test_1_2_and_1_3_are(self, encrypted: Running) -> None:
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            assert spoken(encrypted.port, context(version, version)) == name

    def test_1_3_alone(self, strict: Running) -> None:
        with pytest.raises(ssl.SSLError, match=r"PROTOCOL_VERSION|protocol version"):
            spoken(strict.port, context(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2))
        assert spoken(strict.port, context(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)) == "TLSv1.3"

    @pytest.mark.parametrize("ciphers", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "NULL"])
    def test_weak_ciphers_are_not_spoken(self, encrypted: Running, ciphers: str) -> None:
        """No forward secrecy, or no authenticated encryption."""
        client = context(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)
        client.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError, match=r"HANDSHAKE_FAILURE|handshake failure"):
            spoken(encrypted.port, client)


def test_the_certificate_is_the_one_that_was_given(encrypted: Running, certificate: Certificate) -> None:
    """A client that knows it trusts it, and its names."""
    client = ssl.create_default_context(cadata=certificate.chain)
    with socket.create_connection(("127.0.0.1", encrypted.port), timeout=5) as plain:
        wrapped = client.wrap_socket(plain, server_hostname="localhost")
        shown = wrapped.getpeercert(binary_form=True)
    assert shown
    ours = ssl.PEM_cert_to_DER_cert(certificate.chain)
    assert hashlib.sha256(shown).digest() == hashlib.sha256(ours).digest()


def test_http2_is_spoken(encrypted: Running) -> None:
    client = context(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    for offered, chosen in ((["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1"), (["spdy/3"], None)):
        client.set_alpn_protocols(offered)
        with socket.create_connection(("127.0.0.1", encrypted.port), timeout=5) as plain:
            assert client.wrap_socket(plain).selected_alpn_protocol() == chosen


class TestHsts:
    """`edge.tls.hstsSeconds` (RFC 6797)."""

    @pytest.mark.parametrize("path", ["/health", "/nowhere"])
    def test_it_is_sent_over_tls(self, encrypted: Running, path: str) -> None:
        assert encrypted.ask(path).headers["Strict-Transport-Security"] == "max-age=31536000"

    def test_it_is_never_sent_without(self, default: Running, encrypted: Running) -> None:
        """The sample sends it always, as the application does."""
        assert "Strict-Transport-Security" not in default.ask("/health").headers
        assert wire.ask(encrypted.redirect_port, "/health").header("Strict-Transport-Security") is None

    def test_0_sends_nothing(self, strict: Running) -> None:
        assert "Strict-Transport-Security" not in strict.ask("/health").headers


class TestRedirect:
    """`edge.redirectPort`."""

    def test_it_keeps_host_path_and_query(self, encrypted: Running, recorder: Recorder) -> None:
        """308, so a POST stays one (RFC 9110, section 15.4.9)."""
        answer = wire.ask(encrypted.redirect_port, "/api/v1/pipelines?a=b&c=%2F", method="POST", host="localhost:8080")
        assert answer.status == 308
        assert answer.header("Location") == "https://localhost:8443/api/v1/pipelines?a=b&c=%2F"
        assert recorder.requests == []

    def test_the_usual_port_is_not_named(self, strict: Running) -> None:
        assert wire.ask(strict.redirect_port, "/health").header("Location") == "https://localhost/health"

    def test_it_leads_to_nobody_elses_host(self, encrypted: Running) -> None:
        assert wire.ask(encrypted.redirect_port, "/health", host="evil.example").status == 421

    @pytest.mark.parametrize(
        "target",
        [
            "@evil.example/",
            ".evil.example/",
            "*",
            "//evil.example/",
            "http://evil.example/",
            "http://localhost@evil.example/",
            "",
        ],
    )
    def test_no_target_leads_elsewhere(self, encrypted: Running, strict: Running, target: str) -> None:
        for running, port in ((encrypted, ":8443"), (strict, "")):
            for method in ("GET", "OPTIONS", "CONNECT"):
                head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                for answer in wire.exchange(running.redirect_port, head.encode()):
                    location = answer.header("Location")
                    assert location is None or re.match(rf"https://localhost{port}(/|$)", location), location

    def test_it_answers_a_request_without_a_host(self, strict: Running) -> None:
        answers = wire.exchange(strict.redirect_port, b"GET /health HTTP/1.0\r\n\r\n")
        assert [answer.status for answer in answers] == [400]

    def test_it_does_nothing_else(self, encrypted: Running, recorder: Recorder) -> None:
        for path in ("/api/v1/config", "/nowhere", "/health"):
            assert wire.ask(encrypted.redirect_port, path).status == 308
        assert recorder.requests == []


def test_the_application_is_told(encrypted: Running, recorder: Recorder) -> None:
    encrypted.ask("/health", headers={"X-Forwarded-Proto": "http"})
    assert recorder.requests[0].all("x-forwarded-proto") == ["https"]


def test_the_log_says_which_version(encrypted: Running) -> None:
    assert encrypted.logged(encrypted.ask("/health").headers["X-Request-ID"])["tls"] == "TLSv1.3"


def test_a_handshake_that_fails_is_in_the_log(encrypted: Running) -> None:
    before = len(encrypted.log.read_text())
    wire.exchange(encrypted.port, b"GET /health HTTP/1.1\r\n\r\n")
    time.sleep(0.2)
    found = json.loads(encrypted.log.read_text()[before:].splitlines()[0])
    assert found["client"] == "127.0.0.1"
    assert "SSL handshake failure" in found["error"]


def test_plain_http_on_the_encrypted_port_is_served_nothing(encrypted: Running, recorder: Recorder) -> None:
    wire.exchange(encrypted.port, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert recorder.requests == []


def test_the_cookie_is_for_encrypted_connections_only(
    edges: Edges, recorder: Recorder, sample: int, certificate: Certificate
) -> None:
    two = edges.of({"edge": {"tls": {"mode": "selfSigned"}}}, recorder.port, sample, certificate=certificate)
    assert "; Secure" in two.ask("/health").headers["Set-Cookie"]
