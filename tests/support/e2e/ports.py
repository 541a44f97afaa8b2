"""Ports of this machine for what the tests start, given once even where several test processes run."""

from __future__ import annotations

import secrets
import socket

PORTS = range(20_000, 30_000)
"""Below the NodePorts of a cluster, and below what the kernel gives to connections (`ip_local_port_range`): a client's
connection must not take the port of an edge that is about to be started."""

_claims: list[socket.socket] = []


def free_port() -> int:
    """A loopback port that nobody listens on, and that no other test process on this machine is given.

    The port is claimed for the rest of this process: it is often bound only minutes later. The claim is the name of a
    socket that the kernel gives to one process at a time, and takes back when that ends (unix(7), abstract sockets).
    """
    for port in secrets.SystemRandom().sample(PORTS, len(PORTS)):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0mimir-test-port-{port}")
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port
    raise AssertionError(f"no free port from {PORTS.start} to {PORTS.stop - 1}")
