"""An HTTP client for a deployment's endpoint, outside of the deployment."""

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

from ops.checks.forward import port_forward
from ops.stack.stack_error import StackError

TIMEOUT_SECONDS = 10
POLL_SECONDS = 0.2
HEALTHY = 200
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Response:
    """An HTTP response.

    Attributes:
        status: status code.
        headers: headers, by name in lower case.
        body: body, decoded.
    """

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class EdgeClient:
    """A client for the endpoint of a deployment.

    Attributes:
        scheme: http or https.
        address: host and port to connect to.
        host: host name to request there.
        insecure: whether to accept any certificate, because the stack's own is self-signed.
        path: path of the health check.
    """

    scheme: str
    address: str
    host: str
    insecure: bool
    path: str

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """Send one request, without a body, on a new connection.

        Args:
            method: HTTP method.
            path: path and query.
            headers: additional headers.

        Raises:
            HTTPError: there is no response, or the certificate is not trusted.
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
            response = pool.request(
                method,
                path,
                headers={"Host": self.host, **(headers or {})},
                retries=False,
                redirect=False,
                timeout=TIMEOUT_SECONDS,
            )
            lower_case = {key.lower(): value for key, value in response.headers.items()}
            return Response(response.status, lower_case, response.data.decode(errors="replace"))

    def wait(self, seconds: float) -> str | None:
        """Wait until the health check succeeds.

        Args:
            seconds: maximum time to wait.

        Returns:
            What is wrong; None if the deployment is healthy.
        """
        return self.wait_for(lambda status: status == HEALTHY, seconds)[1]

    def wait_for(self, is_accepted: Callable[[int], bool], seconds: float) -> tuple[int | None, str | None]:
        """Repeat the health check until its status is accepted.

        Args:
            is_accepted: decides on a status code.
            seconds: maximum time to wait.

        Returns:
            The last status code, None if there was no response; and what is wrong, None if the status is accepted.
        """
        deadline = time.monotonic() + seconds
        while True:
            status: int | None = None
            try:
                status = self.ask("GET", self.path).status
                problem = None if is_accepted(status) else f"status {status}"
            except HTTPError as error:
                problem = str(error)
            if problem is None or time.monotonic() > deadline:
                return status, problem
            time.sleep(POLL_SECONDS)


@cache
def _context(insecure: bool) -> ssl.SSLContext:
    """The TLS context, with the system's CAs or those of SSL_CERT_FILE; cached, because they take long to load."""
    context = ssl.create_default_context()
    if insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextmanager
def open_client(outputs: Mapping[str, Any], hosts: tuple[str, ...], address: str = "") -> Iterator[EdgeClient]:
    """A client for the endpoint in the output `health`; if required, a port is forwarded while it is open.

    Args:
        outputs: outputs of the stack.
        hosts: host names that the edge serves; empty for any.
        address: host:port, for a deployment whose outputs do not contain its address.

    Raises:
        StackError: the address is neither in the outputs nor given.
    """
    client = _parse_health_output(outputs, hosts)
    if address:
        yield replace(client, address=address)
    elif "forward" in outputs:
        with port_forward(str(outputs["forward"])) as port:
            yield replace(client, address=f"127.0.0.1:{port}")
    elif "<" in client.address:
        raise StackError(f"the outputs do not contain the address ({client.address}): --address HOST:PORT")
    else:
        yield client


def _parse_health_output(outputs: Mapping[str, Any], hosts: tuple[str, ...]) -> EdgeClient:
    """The client that does what the curl command in the output `health` does."""
    words = shlex.split(str(outputs["health"]).split("   #")[0])
    url = urlsplit(words[-1])
    address = url.netloc.rpartition("@")[2]
    if ":" not in address:
        address = f"{address}:{DEFAULT_PORTS[url.scheme]}"
    if "--connect-to" in words:
        address = words[words.index("--connect-to") + 1].removeprefix("::")
    host = hosts[0] if hosts else url.netloc.rpartition(":")[0] or url.netloc
    return EdgeClient(url.scheme, address, host, "--insecure" in words, url.path)
