"""nginx and Caddy with what they have of the edge's features, and the application alone.

Each uses one thread, keeps connections to the application open, serves an allow list of paths, writes one JSON line a
request, and, where the name says so, encrypts with the same certificate. nginx looks an API key up and limits the rate
of clients as well; it has neither token verification nor active health checks without its maker's paid edition, and
Caddy's rate limiting is a plugin. So both do less for each request.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.edge import debian
from components.edge import self_signed
from components.edge.haproxy.files import Certificate
from tests.support.e2e.ports import free_port
from tests.support.edge.running import start
from tests.support.edge.sample import answers

KEY = "k3y-of-the-bench"
PATHS = r"^/(health|api/v1/(pipelines|plugins|jobs|scheduler/jobs)(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)?)$"

NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error warn;
events {{ worker_connections 8192; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  log_format json escape=json '{{"time":"$time_iso8601","id":"$request_id","client":"$remote_addr",'
    '"path":"$uri","status":$status,"seconds":$request_time}}';
  access_log {folder}/access json;
  map $http_x_api_key $caller {{ default ""; "{key}" bench; }}
  limit_req_zone $binary_remote_addr zone=clients:10m rate=1000000r/s;
  upstream application {{ server 127.0.0.1:{backend}; keepalive 256; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096{ssl};
    {certificates}
    keepalive_requests 100000000;
    location ~ {paths} {{
      limit_req zone=clients burst=100000 nodelay;
      proxy_pass http://application;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Request-ID $request_id;
      proxy_set_header X-Forwarded-User $caller;
    }}
    location / {{ return 404; }}
  }}
}}
"""

CADDY = """\
{{
  admin off
  auto_https off
  log {{
    output file {folder}/log
  }}
}}
{scheme}://127.0.0.1:{port} {{
  bind 127.0.0.1
  log {{
    output file {folder}/access
  }}
  {tls}
  @allowed path_regexp {paths}
  request_header X-Request-ID {{http.request.uuid}}
  handle @allowed {{
    reverse_proxy 127.0.0.1:{backend} {{
      health_uri /health
    }}
  }}
  respond 404
}}
"""


@contextmanager
def running(folder: Path, backend: int) -> Iterator[Mapping[str, str]]:
    """URLs by name, in front of the application on port `backend`; everything ends with the block."""
    made = self_signed.make(["localhost", "127.0.0.1"])
    certificate = Certificate(made["chain"], made["key"])
    with ExitStack() as stack:
        urls = {"the application alone": f"http://127.0.0.1:{backend}"}
        for encrypts in (False, True):
            over = " over TLS" if encrypts else ""
            urls[f"the edge (HAProxy){over}"] = _edge(stack, folder, backend, certificate if encrypts else None)
            urls[f"nginx{over}"] = _nginx(stack, folder, backend, certificate if encrypts else None)
            urls[f"Caddy{over}"] = _caddy(stack, folder, backend, certificate if encrypts else None)
        yield urls


def _edge(stack: ExitStack, folder: Path, backend: int, certificate: Certificate | None) -> str:
    mode = "given" if certificate else "off"
    config = {"edge": {"tls": {"mode": mode}, "maxConnections": 4000, "maxConnectionsPerReplica": 4000}}
    edge = start(config, [backend], folder / f"edge-{mode}", certificate)
    stack.callback(_end, edge.process)
    return f"{edge.scheme}://127.0.0.1:{edge.port}"


def _nginx(stack: ExitStack, folder: Path, backend: int, certificate: Certificate | None) -> str:
    own, port = _folder(folder, "nginx", certificate), free_port()
    certificates = f"ssl_certificate {own}/pem; ssl_certificate_key {own}/key;" if certificate else ""
    text = NGINX.format(
        folder=own,
        backend=backend,
        port=port,
        key=KEY,
        paths=f'"{PATHS}"',
        ssl=" ssl" if certificate else "",
        certificates=certificates,
    )
    (own / "conf").write_text(text)
    _start(
        stack, [*debian.command("nginx", "nginx"), "-p", str(own), "-c", str(own / "conf"), "-e", str(own / "error")]
    )
    return answers(f"{'https' if certificate else 'http'}://127.0.0.1:{port}")


def _caddy(stack: ExitStack, folder: Path, backend: int, certificate: Certificate | None) -> str:
    own, port, scheme = _folder(folder, "caddy", certificate), free_port(), "https" if certificate else "http"
    tls = f"tls {own}/pem {own}/key" if certificate else ""
    text = CADDY.format(folder=own, backend=backend, port=port, scheme=scheme, tls=tls, paths=PATHS)
    (own / "Caddyfile").write_text(text)
    command = [*debian.command("caddy", "caddy"), "run", "--adapter", "caddyfile", "--config", str(own / "Caddyfile")]
    _start(stack, command, {"GOMAXPROCS": "1", "HOME": str(own), "XDG_DATA_HOME": str(own)})
    return answers(f"{scheme}://127.0.0.1:{port}")


def _folder(folder: Path, name: str, certificate: Certificate | None) -> Path:
    own = folder / f"{name}{'-tls' if certificate else ''}"
    own.mkdir()
    if certificate:
        (own / "pem").write_text(certificate.chain)
        (own / "key").write_text(certificate.key)
    return own


def _start(stack: ExitStack, command: list[str], environment: Mapping[str, str] | None = None) -> None:
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    stack.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
