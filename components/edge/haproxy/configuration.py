"""The text of haproxy.cfg, section by section. Paths are relative to the file itself, so it can be checked anywhere."""

from __future__ import annotations

from components.application.application import go_max_procs
from components.application.probes import READINESS_INTERVAL_SECONDS
from components.edge.edge_spec import METRICS_PORT, PLAIN_PORT, PROBES_PORT, EdgeSpec
from components.edge.haproxy import errors, frontend, memory
from components.edge.haproxy.backend import RESOLVE_SECONDS, Backend

CIPHERS = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
)
"""TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325, section 4.2; Mozilla's «intermediate»)."""

CIPHERSUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

HOLD = "24h"
"""How long the last addresses are kept while the name servers answer nothing, or with an error.

HAProxy takes servers out of service when this is over, also those that pass every check (docs/configuration.txt, 5.3.2,
`hold`), so it has to be longer than any outage of the DNS. Its clock allows at most 24 days.
"""

REDIRECTED, METRICS, PROBES = 256, 64, 64
"""Connections to the redirect, the metrics and the probes at a time; none of them is taken from the service's."""

ADDRESSES = "32k"
"""Clients that are remembered at a time; the oldest are forgotten first."""

POOL_SECONDS = 5
"""How long an unused connection to the application is kept: far less than the application does, so none is stale."""


def text(edge: EdgeSpec, backend: Backend, digest: str) -> str:
    """The whole file; `digest` is what `/configuration` of the metrics port answers."""
    parts = [_global(edge), _defaults(edge), _resolvers(), *_entrances(edge), *frontend.sections(edge)]
    return "\n".join([*parts, _application(edge, backend), _tables(edge), _metrics(edge, digest)])


def _global(edge: EdgeSpec) -> str:
    return f"""\
global
  default-path config
  maxconn {memory.connections(edge.settings) + REDIRECTED + METRICS + PROBES}
  nbthread {go_max_procs(edge.settings.cpus)}
  # A new worker takes the listening sockets over, so a reload refuses nobody.
  stats socket /run/haproxy/admin.sock mode 600 level admin expose-fd listeners
  hard-stop-after {edge.drain_seconds}s
  tune.http.maxhdr 64
  tune.h2.max-concurrent-streams {memory.STREAMS}
  tune.maxpollevents {memory.POLLED}
  tune.runqueue-depth {memory.RUN}
  tune.lua.session-timeout 5s
  lua-load figures.lua
  ssl-default-bind-options ssl-min-ver TLSv{edge.settings.tls.minimum} no-tls-tickets
  ssl-default-bind-ciphers {CIPHERS}
  ssl-default-bind-ciphersuites {CIPHERSUITES}
"""


def _defaults(edge: EdgeSpec) -> str:
    times = edge.settings.timeouts
    return f"""\
defaults
  mode http
  # Not in `global`, where the requests for the application's figures would be logged too, and in another format.
  log stdout len 65535 format raw local0
  option dontlognull
  option http-keep-alive
  # At the end of a worker an idle connection gets the answer to one more request, and closes with that.
  option idle-close-on-response
  timeout connect {times.connect_seconds}s
  # For the handshake, the head, and each part of what a client sends or takes; not while it waits for its answer.
  timeout client {times.request_seconds}s
  timeout client-fin 5s
  timeout server {times.response_seconds}s
  timeout server-fin 5s
  timeout queue {times.queue_seconds}s
  timeout http-request {times.request_seconds}s
  timeout http-keep-alive {times.idle_seconds}s
{errors.own()}"""


def _resolvers() -> str:
    return f"""\
resolvers platform
  parse-resolv-conf
  accepted_payload_size 8192
  resolve_retries 3
  timeout resolve {RESOLVE_SECONDS}s
  timeout retry 1s
  hold valid 1s
  # An address that a valid answer no longer has: the pod has gone, or is not ready.
  hold obsolete 2s
  # Without a valid answer the last addresses stay, and health checks decide which of them get requests.
  hold nx {HOLD}
  hold timeout {HOLD}
  hold refused {HOLD}
  hold other {HOLD}
"""


def _entrances(edge: EdgeSpec) -> list[str]:
    """The redirect, where there is one."""
    if edge.settings.redirect_port is None:
        return []
    port = "" if edge.port == 443 else f":{edge.port}"
    return [
        f"""\
frontend redirect
  bind :{PLAIN_PORT}
  maxconn {REDIRECTED}
{frontend.connections(edge)}{frontend.identity()}{frontend.host_rule(edge)}\
  http-request return status 400 unless {{ req.fhdr(host),host_only -m reg . }}
  http-request redirect location https://%[req.fhdr(host),host_only]{port}%[pathq] code 308
"""
    ]


def _application(edge: EdgeSpec, backend: Backend) -> str:
    settings, probe = edge.settings, edge.application.probe
    affinity = (
        f"""\
  # Which replica, in a cookie that no script can read; the value tells nobody an address.
  cookie MIMIR_REPLICA insert indirect nocache httponly{" secure" if edge.tls else ""} attr "SameSite=Lax" dynamic
  dynamic-cookie-key {backend.cookie_key}
"""
        if settings.affinity and backend.most > 1
        else ""
    )
    # With libc every slot of a template would begin with the first address, and keep it.
    options = f"check resolvers platform init-addr {'none' if backend.most > 1 else 'last,libc,none'}"
    if backend.most > 1:
        servers, again = f"  server-template replica {backend.most} {backend.host}:{backend.port} {options}\n", ""
    else:
        servers, again = _one(edge, backend, options)
    return f"""\
backend application
  balance leastconn
  option httpchk
  http-check send meth GET uri {probe.path} ver HTTP/1.1 hdr Host {backend.host} hdr User-Agent mimir-edge
  http-check expect status 200
  timeout check {probe.timeout_seconds}s
{affinity}\
  http-reuse safe
  # Counted together with lost answers, and a request that kills a process must not reach them all.
  retries {min(settings.retries, 1)}
  option redispatch 1
  retry-on conn-failure empty-response
  http-request disable-l7-retry unless {{ method GET HEAD OPTIONS PUT DELETE }}
  default-server inter {min(probe.interval_seconds, READINESS_INTERVAL_SECONDS)}s fastinter 1s downinter 1s
  default-server fall {probe.retries} rise 1 maxconn {settings.max_connections_per_replica}
  default-server pool-purge-delay {POOL_SECONDS}s
  # Connections, not answers: those are of a caller's making, and one caller must not close the service for all.
  default-server observe layer4 error-limit {settings.error_limit} on-error mark-down
{servers}{again}"""


def _one(edge: EdgeSpec, backend: Backend, options: str) -> tuple[str, str]:
    """The servers where there is one replica, and the proxy through which a request is sent again.

    HAProxy counts lost answers and failed connections together. So the second time a request goes to a proxy that waits
    for a process that restarts (failed connections only), and a lost answer is still repeated once only: no server but
    that proxy has a weight, and each first attempt is sent by name.

    Args:
        edge: whose.
        backend: how the application is found.
        options: of each server.
    """
    names = [backend.host, *([backend.standby] if backend.standby else [])]
    servers = [f"  server {name} {name}:{backend.port} {options}" for name in names]
    if not edge.settings.retries:
        return "".join(f"{line}{' backup' if number else ''}\n" for number, line in enumerate(servers)), ""
    first = "".join(f"  use-server {name} if {{ srv_is_up(application/{name}) }}\n" for name in names)
    first += "".join(f"{line} weight 0\n" for line in servers)
    again = "".join(
        f"  server {name} {name}:{backend.port} resolvers platform init-addr last,libc,none "
        f"track application/{name} maxconn {edge.settings.max_connections_per_replica}{' backup' if number else ''}\n"
        for number, name in enumerate(names)
    )
    return (
        f"{first}  server again unix@/run/haproxy/again.sock maxconn 0\n",
        f"""
listen again
  bind unix@/run/haproxy/again.sock mode 600
  no log
  retries {edge.settings.retries}
  retry-on conn-failure
{again}""",
    )


def _tables(edge: EdgeSpec) -> str:
    window = edge.settings.rate_limit.window_seconds
    return f"""\
backend clients
  stick-table type ipv6 size {ADDRESSES} expire {window * 2}s \
store conn_cur,http_req_rate({window}s),gpc0_rate({window}s)

backend connections
  stick-table type ipv6 size {ADDRESSES} expire {window * 2}s \
store conn_cur,conn_rate({window}s),http_err_rate({window}s)

backend anonymous
  stick-table type ipv6 size {ADDRESSES} expire {window * 2}s store conn_cur

backend callers
  stick-table type string len 80 size 10k expire {window * 2}s store http_req_rate({window}s)
"""


def _metrics(edge: EdgeSpec, digest: str) -> str:
    figures = f'  http-request set-var(txn.figures) str("{edge.metrics_path}")\n' if edge.metrics_path else ""
    application = (
        "  http-request use-service lua.figures if { path /metrics/application }\n" if edge.metrics_path else ""
    )
    scrapers = "  tcp-request connection track-sc0 src table scrapers\n"
    return f"""\
frontend metrics
  bind :{METRICS_PORT}
  maxconn {METRICS}
  no log
  timeout http-request 5s
  timeout http-keep-alive 1s
{scrapers}\
  tcp-request connection reject if {{ sc_conn_cur(0,scrapers) gt {METRICS // 4} }}
{figures}\
  http-request use-service prometheus-exporter if {{ path /metrics }}
{application}\
{_probed(digest)}\

backend scrapers
  stick-table type ipv6 size 1k expire 60s store conn_cur

# For the platform: an engine asks from inside of the container, where the narrower address wins.
frontend probes
  bind :{PROBES_PORT}
  bind 127.0.0.1:{METRICS_PORT}
  maxconn {PROBES}
  no log
  timeout http-request 5s
  timeout http-keep-alive 1s
{figures}\
  http-request use-service prometheus-exporter if {{ path /metrics }}
{application}\
{_probed(digest)}"""


def _probed(digest: str) -> str:
    return f"""\
  http-request return status 200 content-type text/plain string ready if {{ path /ready }}
  http-request return status 200 content-type text/plain string {digest} if {{ path /configuration }}
  http-request return status 200 content-type text/plain string started if {{ path /started }} \
{{ nbsrv(application) gt 0 }}
  http-request return status 503 content-type text/plain string "no replica yet" if {{ path /started }}
  http-request return status 404
"""
