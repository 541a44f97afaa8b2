"""Servers on this host that a compromised application would look for: each says who has reached it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

METADATA = "169.254.169.254"
"""Where clouds answer a machine's questions about itself, with its credentials (IMDS)."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def listening(address: str = "", port: int = 0) -> Iterator[int]:
    """A server that answers everything with 200; its port.

    Args:
        address: of this host; all of them if left out.
        port: any free one if left out.
    """
    with ThreadingHTTPServer((address, port), _Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@contextmanager
def metadata_service() -> Iterator[str]:
    """The address of a cloud's metadata service, as this host would reach it: on loopback, while this lasts."""
    program = shutil.which("ip")
    if program is None or os.geteuid() != 0:
        pytest.skip("only root can give this machine the address of a metadata service (`ip address add`)")
    address = [f"{METADATA}/32", "dev", "lo"]
    subprocess.run([program, "address", "add", *address], check=True, capture_output=True)
    try:
        with listening(METADATA, 80):
            yield METADATA
    finally:
        subprocess.run([program, "address", "del", *address], check=True, capture_output=True)
