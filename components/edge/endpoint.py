"""Where a deployment is reached, and the request that shows it."""

from __future__ import annotations

from dataclasses import dataclass

USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """Where the front door is reached, and under which name it serves.

    Attributes:
        scheme: http or https.
        port: its Service's.
        address: where it is reached from here.
        host: name that it serves, if not every one.
        vouched: whether somebody vouches for its certificate.
    """

    scheme: str
    port: int
    address: str
    host: str | None
    vouched: bool

    @property
    def url(self) -> str:
        """What a client asks."""
        return self.url_of(f"{self.host}:{self.port}" if self.host else self.address)

    def url_of(self, address: str) -> str:
        """The URL of an address, without the port that it has anyway."""
        return f"{self.scheme}://{address.removesuffix(f':{USUAL_PORTS[self.scheme]}')}"

    def curl(self, path: str) -> str:
        """A request to it from here."""
        insecure = "" if self.vouched else "--insecure "
        to = f"--connect-to ::{self.address} " if self.host else ""
        return f"curl -fsS {insecure}{to}{self.url}{path}"
