"""Asking the makers' sites: quick, once a run, and never hanging."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolchain import network
from toolchain.problem import Problem

PATIENCE = 0.3


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


class Handler(BaseHTTPRequestHandler):
    asked = 0

    def do_HEAD(self) -> None:
        type(self).asked += 1
        self.send_error(401)

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"content")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(Handler, "asked", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def test_a_silent_site_is_given_up_in_time(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    sites = network.Sites(limit=PATIENCE)
    began = time.monotonic()
    assert "127.0.0.1" in sites.silence(silent)
    assert time.monotonic() - began < 4 * PATIENCE

    began = time.monotonic()
    assert sites.silence(silent)
    assert time.monotonic() - began < PATIENCE / 2, "a site is asked once a run"


def test_a_name_that_is_looked_up_for_ever_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    forever = threading.Event()
    monkeypatch.setattr(network, "_ask", lambda url, limit: forever.wait())
    assert network.Sites(limit=PATIENCE).silence("https://slow.example/") == "slow.example did not answer in 0 s"
    forever.set()


def test_any_answer_counts_even_a_refusal(server: str) -> None:
    sites = network.Sites()
    assert sites.silence(server) == ""
    assert sites.silence(server) == ""
    assert Handler.asked == 1


def test_a_download_is_what_its_maker_published(server: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    network.download(server, target, sha256=hashlib.sha256(b"content").hexdigest())
    assert target.read_bytes() == b"content"


def test_a_download_with_another_checksum_is_refused_and_removed(server: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="checksum"):
        network.download(server, tmp_path / "file", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []
