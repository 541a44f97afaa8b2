"""The text of haproxy.cfg, rendered from the templates in `templates/`."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from components.application.application import go_max_procs
from components.application.probes import READINESS_INTERVAL_SECONDS
from components.edge.edge_spec import METRICS_PORT, PLAIN_PORT, PROBES_PORT, TLS_PORT, EdgeSpec
from components.edge.haproxy import memory
from components.edge.haproxy.backend import RESOLVE_SECONDS, Backend

HOLD = "24h"
"""How long the last addresses stay in use while the name servers do not respond, or respond with an error.

HAProxy then takes servers out of service, also those that pass every health check (docs/configuration.txt, 5.3.2,
`hold`), so it has to be longer than any outage of the DNS. The maximum is 24 days.
"""

REDIRECT_CONNECTIONS, METRICS_CONNECTIONS, PROBE_CONNECTIONS = 256, 64, 64
"""Concurrent connections of these frontends, in addition to the service's."""

POOL_SECONDS = 5
"""How long an idle connection to the application is kept. The application keeps it far longer, so none is stale."""

NOBODY = "-"
"""A user name that the settings reject. Its password hash is checked for unknown names."""

AUDIENCES = 8
"""How many members of a token's list of audiences are compared."""

CLOCK_SKEW_SECONDS = 30
"""How far the clock of a token's issuer may be ahead."""


def render(edge: EdgeSpec, backend: Backend, digest: str) -> str:
    """The text of haproxy.cfg.

    Args:
        edge: specification of the edge.
        backend: how the edge finds the application.
        digest: digest of all files, which `/configuration` on the metrics port returns.
    """
    template = _environment().get_template("haproxy.cfg.j2")
    settings, probe = edge.settings, edge.application.probe
    return template.render(
        edge=edge,
        settings=settings,
        limits=settings.rate_limit,
        jwt=settings.authentication.jwt,
        probe=probe,
        backend=backend,
        digest=digest,
        memory=memory,
        max_connections=memory.max_connections(settings),
        max_client_requests=memory.max_client_requests(settings),
        threads=go_max_procs(settings.cpus),
        redirect_connections=REDIRECT_CONNECTIONS,
        metrics_connections=METRICS_CONNECTIONS,
        probe_connections=PROBE_CONNECTIONS,
        plain_port=PLAIN_PORT,
        tls_port=TLS_PORT,
        metrics_port=METRICS_PORT,
        probes_port=PROBES_PORT,
        resolve_seconds=RESOLVE_SECONDS,
        hold=HOLD,
        check_interval_seconds=min(probe.interval_seconds, READINESS_INTERVAL_SECONDS),
        pool_seconds=POOL_SECONDS,
        nobody=NOBODY,
        audience_places=[f"aud[{place}]" for place in range(AUDIENCES)],
        clock_skew_seconds=CLOCK_SKEW_SECONDS,
    )


@cache
def _environment() -> Environment:
    """The templates. An undefined variable is an error. Nothing is escaped, because nothing is HTML."""
    environment = Environment(
        loader=PackageLoader("components.edge.haproxy"),
        autoescape=select_autoescape(enabled_extensions=()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["haproxy_quoted"] = quoted
    return environment


def quoted(text: str) -> str:
    """`text` as one word of the configuration (HAProxy's manual, section 2.2, quoting)."""
    return "'" + text.replace("'", "'\\''") + "'"
