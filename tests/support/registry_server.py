"""A registry on loopback that stores what is pushed, and a way to serve any handler."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class StoringRegistry(BaseHTTPRequestHandler):
    """As much of a registry as a push needs; it refuses a blob whose digest is not its content's."""

    stored: dict[str, bytes]

    def do_HEAD(self) -> None:
        self._answer(200 if self.path in self.stored else 404)

    def do_GET(self) -> None:
        self._answer(200 if self.path in self.stored else 404, self.stored.get(self.path, b""))

    def do_POST(self) -> None:
        self._answer(202, location=f"http://x{self.path}session?state=1")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        address = urlsplit(self.path)
        if "/uploads/" in address.path:
            digest = parse_qs(address.query)["digest"][0]
            if digest != f"sha256:{hashlib.sha256(body).hexdigest()}":
                return self._answer(400)
            self.stored[f"{address.path.partition('/uploads/')[0]}/{digest}"] = body
        else:
            self.stored[address.path] = body
        return self._answer(201)

    def _answer(self, status: int, body: bytes = b"", location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def serve(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
