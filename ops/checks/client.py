"""The front door of a deployment, as a client outside of it finds it."""

from __future__ import annotations

import shlex
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, InsecureRequestWarning

from ops.checks.forward import forwarded
from ops.stack.cli import StackError

TIMEOUT_SECONDS = 10
POLL_SECONDS = 0.2
HEALTHY = 200
USUAL_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        headers: by their names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class EdgeClient:
    """Where a deployment is reached.

    Attributes:
        scheme: http or https.
        address: host and port that are connected to.
        host: name that is asked for there.
        insecure: whether nobody vouches for the certificate, because the stack made it itself.
        path: where it says whether it is healthy.
    """

    scheme: str
    address: str
    host: str
    insecure: bool
    path: str

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, without a body, on a connection of its own.

        Raises:
            HTTPError: when there is no answer, or the certificate is not one to believe.
        """
        name, _, port = self.address.rpartition(":")
        if self.insecure:
            urllib3.disable_warnings(InsecureRequestWarning)
        if self.scheme == "https":
            pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
                name,
                int(port),
                ssl_context=_context(self.insecure),
                server_hostname=self.host,
                assert_hostname=False if self.insecure else self.host,
            )
        else:
            pool = urllib3.HTTPConnectionPool(name, int(port))
        with pool:
            answer = pool.request(
                method,
                path,
                headers={"Host": self.host, **(headers or {})},
                retries=False,
                redirect=False,
                timeout=TIMEOUT_SECONDS,
            )
            found = {key.lower(): value for key, value in answer.headers.items()}
            return Answer(answer.status, found, answer.data.decode(errors="replace"))

    def wait(self, seconds: float) -> str | None:
        """Wait until it answers as healthy; what it did instead, or None."""
        return self.wait_for(lambda status: status == HEALTHY, seconds)[1]

    def wait_for(self, is_good: Callable[[int], bool], seconds: float) -> tuple[int | None, str | None]:
        """Ask for its health until the answer is good.

        Args:
            is_good: judges an answer's status.
            seconds: after which it gives up.

        Returns:
            The last answer's status, None where there was none; and what is wrong, None where it is good.
        """
        deadline = time.monotonic() + seconds
        while True:
            status: int | None = None
            try:
                status = self.ask("GET", self.path).status
                problem = None if is_good(status) else f"status {status}"
            except HTTPError as error:
                problem = str(error)
            if problem is None or time.monotonic() > deadline:
                return status, problem
            time.sleep(POLL_SECONDS)


@cache
def _context(insecure: bool) -> ssl.SSLContext:
    """What is believed: the system's authorities, or those of SSL_CERT_FILE, which take a while to load."""
    context = ssl.create_default_context()
    if insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def opened(outputs: Mapping[str, Any], hosts: tuple[str, ...], address: str = "") -> Iterator[EdgeClient]:
    """The door that the output `health` leads to; where that needs a port of this machine, for as long.

    Args:
        outputs: of the stack.
        hosts: names that the edge serves, if not every one.
        address: host:port, for a deployment whose outputs do not know where it is reached.

    Raises:
        StackError: when they do not, and nobody has said it.
    """
    door = _of(outputs, hosts)
    if address:
        yield replace(door, address=address)
    elif "forward" in outputs:
        with forwarded(str(outputs["forward"])) as port:
            yield replace(door, address=f"127.0.0.1:{port}")
    elif "<" in door.address:
        raise StackError(f"nothing here knows where it is reached ({door.address}): --address HOST:PORT")
    else:
        yield door


def _of(outputs: Mapping[str, Any], hosts: tuple[str, ...]) -> EdgeClient:
    """What the curl of the output `health` would do."""
    words = shlex.split(str(outputs["health"]).split("   #")[0])
    url = urlsplit(words[-1])
    place = url.netloc.rpartition("@")[2]
    if ":" not in place:
        place = f"{place}:{USUAL_PORTS[url.scheme]}"
    if "--connect-to" in words:
        place = words[words.index("--connect-to") + 1].removeprefix("::")
    host = hosts[0] if hosts else url.netloc.rpartition(":")[0] or url.netloc
    return EdgeClient(url.scheme, place, host, "--insecure" in words, url.path)
