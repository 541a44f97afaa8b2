"""The front door: what is let in, in the order in which it is asked."""

from __future__ import annotations

from components.edge.edge_spec import PLAIN_PORT, TLS_PORT, EdgeSpec
from components.edge.haproxy import authentication, memory
from components.edge.haproxy.errors import answer

LOG = (
    '{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","request_id":"%[var(txn.id)]","client":"%[src]",'
    '"user":"%[var(txn.caller),json(utf8s)]","auth":"%[var(txn.scheme)]","method":"%[var(txn.shown_method),json(utf8s)]",'
    '"host":"%[var(txn.shown_host),json(utf8s)]","path":"%[var(txn.shown_path),json(utf8s)]","status":%ST,"bytes":%B,'
    '"replica":"%s","read_ms":%TR,"queue_ms":%Tw,"connect_ms":%Tc,"response_ms":%Tr,"total_ms":%Ta,"retries":"%rc",'
    '"end":"%ts","tls":"%sslv"}'
)
"""One JSON object a request. The path without its query, and no header: neither may put a secret in a log."""

ERROR_LOG = (
    '{"time":"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]","client":"%[src]","status":%ST,"end":"%ts",'
    '"error":"%[fc_err_str,json(utf8s)]","tls_error":"%[ssl_fc_err_str,json(utf8s)]"}'
)
"""One about a connection on which no request came that can be understood."""

BELIEVED = tuple(
    (name, " -m beg\n" if name.endswith(("-", "_")) else "\n")
    for name in (
        *("X-Real-IP", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "CF-Connecting-IP", "Client-IP"),
        *("X-Original-", "X-Rewrite-URL", "X-Host", "X-HTTP-Host-Override"),
        *("X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override"),
        *(
            "X-Forwarded",
            "Remote-",
            "X-Remote-",
            "X-Auth-Request-",
            "X-WebAuth-",
            "X-Authenticated-",
            "X-User",
            "X-SSL-",
        ),
        *("SSL-Client-", "X-Client-Cert", "Proxy", "Proxy-", "Destination", "Front-End-Https", "X-Url-Scheme"),
    )
)
"""Headers by which a proxy tells a framework who asks, for what and from where: nobody but this one may."""

SAMPLED = 100
"""Of so many refused requests of a flood one is in the log; HAProxy's figures count them all."""

DEAF = 4
"""A client with so many times the requests that it may make is not answered: its connection is closed."""

SHOWN_METHOD, SHOWN_HOST, SHOWN_PATH = 16, 64, 128
"""Bytes of each in a line of the log: a client chooses them, and a quote or an odd byte takes up to six."""

LENGTH_DIGITS = 10
"""Of the largest `maxBodyKib`, in bytes."""


def sections(edge: EdgeSpec) -> list[str]:
    """The frontend, whole."""
    # Everything that needs no body is judged before the edge waits for one: a body that is waited for costs memory.
    rules = [
        _who(edge),
        _flood(edge),
        host_rule(edge),
        _cors(edge),
        _path(),
        _length(edge),
        authentication.rules(edge),
        _anonymous(edge),
        _body(edge),
        _hand_on(edge),
        _responses(edge),
    ]
    return [f"{_bind(edge)}{''.join(rules)}  default_backend application\n"]


def _bind(edge: EdgeSpec) -> str:
    bind = f"bind :{TLS_PORT} ssl crt certificate.pem alpn h2,http/1.1" if edge.tls else f"bind :{PLAIN_PORT}"
    return f"""\
frontend edge
  {bind}
  maxconn {memory.connections(edge.settings)}
{connections(edge)}"""


def connections(edge: EdgeSpec) -> str:
    """How many connections one address may have and open, refused before TLS; trusted proxies have many clients.

    Args:
        edge: whose limits they are. A client that opens a connection for every request reaches the limit of requests
            first, and is told so.
    """
    limits = edge.settings.rate_limit
    proxies = " ".join(edge.settings.trusted_proxies)
    own = f" if !{{ src {proxies} }}" if proxies else ""
    return f"""\
  tcp-request connection track-sc2 src,ipmask(32,64) table connections{own}
  tcp-request connection reject if {{ sc_conn_cur(2,connections) gt {limits.connections_per_client} }}
  tcp-request connection reject if {{ sc_conn_rate(2,connections) gt {2 * limits.requests_per_client} }}
  tcp-request connection reject if {{ sc_http_err_rate(2,connections) gt {2 * limits.failures_per_client} }}
"""


def identity() -> str:
    """Which request this is, for the client, the application and the log."""
    return f"""\
  log-format '{LOG}'
  error-log-format '{ERROR_LOG}'
  http-request set-var(txn.id) uuid()
  http-request set-var(txn.id) req.fhdr(x-request-id) if {{ req.fhdr(x-request-id) -m reg ^[A-Za-z0-9._-]{{8,64}}$ }}
  http-request set-header X-Request-ID %[var(txn.id)]
  http-after-response set-header X-Request-ID %[var(txn.id)] if {{ var(txn.id) -m found }}
  http-request set-var(txn.method) method
  http-request set-var(txn.path) path
  http-request set-var(txn.host) req.fhdr(host),host_only
  http-request set-var(txn.shown_method) method,bytes(0,{SHOWN_METHOD})
  http-request set-var(txn.shown_path) path,bytes(0,{SHOWN_PATH})
  http-request set-var(txn.shown_host) var(txn.host),bytes(0,{SHOWN_HOST})
"""


def _who(edge: EdgeSpec) -> str:
    """Whose request it is: what the caller says of itself is believed only where it may be."""
    proxies = " ".join(edge.settings.trusted_proxies)
    trusted = f"  http-request set-src req.hdr_ip(x-forwarded-for,-1) if {{ src {proxies} }}\n" if proxies else ""
    return f"""\
{identity()}{trusted}\
  http-request del-header X-Forwarded- -m beg
  http-request del-header Forwarded
{"".join(f"  http-request del-header {name}{how}" for name, how in BELIEVED)}"""


def host_rule(edge: EdgeSpec) -> str:
    """Refuse hosts that are not served (RFC 9110, section 15.5.20)."""
    hosts = " ".join(edge.settings.hosts)
    if not hosts:
        return ""
    return f"  http-request return status 421 unless {{ req.fhdr(host),host_only -m str -i {hosts} }}\n"


def _flood(edge: EdgeSpec) -> str:
    limits = edge.settings.rate_limit
    later = f"hdr Retry-After {limits.window_seconds}"
    return (
        # Whoever has IPv6 has a network of 2^64 addresses (RFC 6177).
        "  http-request track-sc0 src,ipmask(32,64) table clients\n"
        # One line for a hundred refusals; whoever does not listen to the answer is not answered.
        f"  http-request set-log-level silent if {{ sc_http_req_rate(0,clients) gt {limits.requests_per_client} }} "
        f"!{{ rand({SAMPLED}) eq 0 }}\n"
        f"  http-request set-log-level silent if {{ sc_gpc0_rate(0,clients) gt {limits.failures_per_client} }} "
        f"!{{ rand({SAMPLED}) eq 0 }}\n"
        f"  http-request reject if {{ sc_http_req_rate(0,clients) gt {DEAF * limits.requests_per_client} }}\n"
        f"  http-request reject if {{ sc_conn_cur(0,clients) gt {memory.held(edge.settings)} }}\n"
        + answer(
            429, "too many requests", f"if {{ sc_http_req_rate(0,clients) gt {limits.requests_per_client} }}", later
        )
        + answer(429, "too many failures", f"if {{ sc_gpc0_rate(0,clients) gt {limits.failures_per_client} }}", later)
        + answer(
            429,
            "too many requests at a time",
            f"if {{ sc_conn_cur(0,clients) gt {limits.concurrent_per_client} }}",
            "hdr Retry-After 1",
        )
    )


def _cors(edge: EdgeSpec) -> str:
    """Which pages may call (Fetch standard, CORS protocol). The application's own headers say `*` to everybody."""
    drop = "  http-response del-header Access-Control- -m beg\n"
    if not edge.settings.cors_origins:
        return drop
    origins = " ".join(edge.settings.cors_origins)
    return f"""\
{drop}\
  acl origin_known req.fhdr(origin) -m str {origins}
  http-request set-var(txn.origin) req.fhdr(origin) if origin_known
  http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] if {{ var(txn.origin) -m found }}
  http-after-response set-header Access-Control-Expose-Headers X-Request-ID if {{ var(txn.origin) -m found }}
  http-after-response add-header Vary Origin
  http-request return status 204 hdr Access-Control-Allow-Methods "GET, POST, PUT, DELETE" \
hdr Access-Control-Allow-Headers "Authorization, Content-Type, X-API-Key, X-Request-ID" \
hdr Access-Control-Max-Age 600 if {{ method OPTIONS }} origin_known
"""


def _path() -> str:
    """What is served. Only clean paths match, so the application cannot read another one than was judged here."""
    return (
        """\
  http-request set-var(txn.call) var(txn.method),concat(:,txn.path)
  http-request set-var(txn.verdict) var(txn.call),map_reg(routes.map,none)
"""
        + answer(403, "closed at the edge", "if { var(txn.call) -m reg -f closed.lst }")
        + answer(404, "not found", "if { var(txn.verdict) -m str none }")
    )


def _length(edge: EdgeSpec) -> str:
    """What a head says of a body, judged before anything is waited for."""
    most = edge.settings.max_body_kib * 1024
    # Numbers of more digits than the largest body has do not fit into what they are compared as. Without its length a
    # body could only be cut in the middle (RFC 9110, section 15.5.12).
    return (
        answer(
            413,
            "the body is too large",
            f"if {{ req.hdr_val(content-length) gt {most} }} || "
            f"{{ req.fhdr(content-length),length gt {LENGTH_DIGITS} }}",
        )
        + "  acl bodiless method GET HEAD OPTIONS\n  acl bodiless var(txn.verdict) -m str public\n"
        + answer(400, "no body is taken here", "if bodiless { req.hdr_val(content-length) gt 0 }")
        + answer(411, "a body needs Content-Length", "if { req.hdr(transfer-encoding) -m found }")
    )


def _anonymous(edge: EdgeSpec) -> str:
    """Where callers are known, who is not known has at most half of a replica: the rest is the callers'."""
    if not edge.knows_callers:
        return ""
    most = max(1, edge.settings.max_connections_per_replica // 2)
    unknown = "!{ var(txn.caller) -m found }"
    return f"  http-request track-sc1 src,ipmask(32,64) table anonymous if {unknown}\n" + answer(
        429,
        "too many requests at a time",
        f"if {unknown} {{ sc_conn_cur(1,anonymous) gt {most} }}",
        "hdr Retry-After 1",
    )


def _body(edge: EdgeSpec) -> str:
    """Wait for the body, or for as much as is kept of one: a slow one is not a place in the application."""
    most = edge.settings.max_body_kib * 1024
    return (
        f"  http-request wait-for-body time {edge.settings.timeouts.request_seconds}s\n"
        # HTTP/2 needs no length, and so what comes without one is known only now.
        + answer(400, "no body is taken here", "if bodiless { req.body_len gt 0 }")
        + answer(411, "a body needs Content-Length", "if { req.body_len gt 0 } !{ req.hdr(content-length) -m found }")
        + answer(413, "the body is too large", f"if {{ req.body_size gt {most} }}")
    )


def _hand_on(edge: EdgeSpec) -> str:
    """What the application is told of the caller; never what the caller proved it with."""
    return f"""\
  http-request del-header Authorization
  http-request del-header X-API-Key
  # Nobody would judge what goes through a tunnel; and no client says which headers end here.
  http-request del-header Upgrade
  http-request del-header Connection
  http-request set-header X-Forwarded-User %[var(txn.caller)] if {{ var(txn.caller) -m found }}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto {edge.scheme}
  http-request set-header X-Forwarded-Host %[var(txn.host)]
"""


def _responses(edge: EdgeSpec) -> str:
    """No tunnel; HSTS over TLS only (RFC 6797, section 7.2): the application sends it always."""
    drop = (
        "  http-response deny deny_status 502 if { status 101 }\n  http-response del-header Strict-Transport-Security\n"
    )
    seconds = edge.settings.tls.hsts_seconds
    if not (edge.tls and seconds):
        return drop
    return f'{drop}  http-after-response set-header Strict-Transport-Security "max-age={seconds}"\n'
