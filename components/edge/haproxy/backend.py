"""How the edge finds the application's processes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

RESOLVE_SECONDS = 1
"""Time between two questions to the name servers (`timeout resolve`; for servers, `hold valid` has no effect)."""

OF_THIS_RUN = secrets.token_hex(16)
"""Keys the cookie of an edge that is only checked."""


@dataclass(frozen=True)
class Backend:
    """Replicas behind one name, or one by its own.

    Attributes:
        host: DNS name.
        port: TCP port.
        most: how many addresses the name may have.
        standby: a second name, tried while nothing answers under the first.
        cookie_key: keys the cookie that names a replica. Whoever knows it can compute a replica's address.
    """

    host: str
    port: int
    most: int = 1
    standby: str | None = None
    cookie_key: str = OF_THIS_RUN
