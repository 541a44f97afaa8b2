"""How the edge finds the application's processes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

RESOLVE_SECONDS = 1
"""Interval between DNS queries (`timeout resolve`; for servers, `hold valid` has no effect)."""

RANDOM_COOKIE_KEY = secrets.token_hex(16)
"""For a configuration that is checked or has no cookie: another one in each process."""


@dataclass(frozen=True)
class Backend:
    """The replicas of the application: all behind one DNS name, or a single one.

    Attributes:
        host: DNS name.
        port: TCP port.
        max_replicas: maximum number of addresses of the name.
        standby: second DNS name, used while the first does not respond.
        cookie_key: key of the affinity cookie's values. Whoever knows it can compute a replica's address.
    """

    host: str
    port: int
    max_replicas: int = 1
    standby: str | None = None
    cookie_key: str = RANDOM_COOKIE_KEY
