"""A deployment as a client sees it: it answers as the edge does, but for what a test breaks."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from components.application.contract import CONTRACTS, DANGERS
from components.edge.self_signed import make

HSTS = "max-age=31536000"


@dataclass
class Front:
    """What it does.

    Attributes:
        required: whether callers have to prove who they are.
        tls: whether it encrypts.
        status: statuses for some requests, as `METHOD path`, instead of the right ones.
        headers: headers for every answer, instead of the right ones; an empty one is left out.
        asked: every request, as `METHOD path`.
    """

    required: bool = False
    tls: bool = False
    status: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def outputs(self, **others: Any) -> Mapping[str, Any]:
        """The outputs of its stack."""
        url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"
        curl = f"curl -fsS {'--insecure ' if self.tls else ''}{url}/health"
        digest = "sha256:" + "0a" * 32
        image = f"127.0.0.1:5000/mimir@{digest}"
        return {"url": url, "health": curl, "digest": digest, "image": image, **others}

    def answer(self, method: str, path: str, sent: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        """Status and headers."""
        self.asked.append(f"{method} {path}")
        usual = {
            "X-Request-ID": sent.get("X-Request-ID", "made"),
            **({"Strict-Transport-Security": HSTS} if self.tls else {}),
        }
        headers = {name: value for name, value in {**usual, **self.headers}.items() if value}
        return self.status.get(f"{method} {path}", self._right(method, path)), headers

    def _right(self, method: str, path: str) -> int:
        for route in CONTRACTS["mimir-b0006f9"].routes:
            if method in route.methods and path == route.path.replace("{}", "check"):
                if route.access in DANGERS:
                    return 403
                return 401 if route.access == "caller" and self.required else 200
        return 404


class _Handler(BaseHTTPRequestHandler):
    front: Front

    def _any(self) -> None:
        status, headers = self.front.answer(self.command, self.path, self.headers)  # type: ignore[arg-type]
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_PUT = do_DELETE = _any

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not believe the certificate is no trouble of the server's."""


@contextmanager
def served(front: Front, folder: Path) -> Iterator[Front]:
    """Run it on a port of this machine."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"front": front}))
    if front.tls:
        made = make(["127.0.0.1"])
        (folder / "certificate.pem").write_text(made["chain"] + made["key"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    front.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
