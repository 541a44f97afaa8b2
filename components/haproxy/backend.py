"""How the edge finds the application's processes."""

from __future__ import annotations

from dataclasses import dataclass

RESOLVE_SECONDS = 1
"""Time between two questions to the name servers (`timeout resolve`; for servers, `hold valid` has no effect)."""


@dataclass(frozen=True)
class Backend:
    """Replicas behind one name, or one by its own.

    Attributes:
        host: DNS name.
        port: TCP port.
        most: how many addresses the name may have.
        standby: a second name, tried while nothing answers under the first.
    """

    host: str
    port: int
    most: int = 1
    standby: str | None = None
