"""The address of a deployment, and a request that checks it."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """The address of a deployment, and the host name that it serves.

    Attributes:
        scheme: `http` or `https`.
        port: port of the Service, or the published port.
        address: host and port at which this machine reaches it.
        host: host name that it serves; None if it serves every name.
        is_trusted: whether clients trust its certificate; true without TLS.
    """

    scheme: str
    port: int
    address: str
    host: str | None
    is_trusted: bool

    @property
    def url(self) -> str:
        """The URL for clients."""
        return self.url_of(f"{self.host}:{self.port}" if self.host else self.address)

    def url_of(self, address: str) -> str:
        """The URL of `address`, without the scheme's default port."""
        return f"{self.scheme}://{address.removesuffix(f':{DEFAULT_PORTS[self.scheme]}')}"

    def curl(self, path: str) -> str:
        """A command that requests `path` from this machine."""
        insecure = "" if self.is_trusted else "--insecure "
        connect_to = f"--connect-to ::{self.address} " if self.host else ""
        return f"curl -fsS {insecure}{connect_to}{self.url}{path}"
