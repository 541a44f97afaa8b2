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
"""How long the last addresses are kept while the name servers answer nothing, or with an error.

HAProxy takes servers out of service when this is over, also those that pass every check (docs/configuration.txt, 5.3.2,
`hold`), so it has to be longer than any outage of the DNS. Its clock allows at most 24 days.
"""

REDIRECT_CONNECTIONS, METRICS_CONNECTIONS, PROBE_CONNECTIONS = 256, 64, 64
"""Concurrent connections to the redirect, the metrics and the probes; none of them is taken from the service's."""

POOL_SECONDS = 5
"""How long an unused connection to the application is kept: far less than the application does, so none is stale."""

NOBODY = "-"
"""A name that no setting may give to a user, with the hash of one of them."""

AUDIENCES = 8
"""How many members of a token's list of audiences are compared."""

CLOCK_SKEW_SECONDS = 30
"""How far the clock of a token's issuer may be ahead."""


def render(edge: EdgeSpec, backend: Backend, digest: str) -> str:
    """The whole file.

    Args:
        edge: what stands in front of the application.
        backend: how the application is found.
        digest: what `/configuration` of the metrics port answers.
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
        connections=memory.connections(settings),
        held_requests=memory.held(settings),
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
    """The templates. What a template does not know is an error; nothing is escaped, because nothing is HTML."""
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
