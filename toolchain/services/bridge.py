"""The network bridge of our own Docker engine."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import socket
import subprocess
from pathlib import Path

from toolchain.command import output_of
from toolchain.problem import Problem

DEFAULT = "docker0"
CANDIDATES = [f"172.31.{third}.1/24" for third in range(240, 250)]


def arguments(folder: Path) -> list[str]:
    """The arguments that give dockerd its bridge; the choice is made once and kept in `folder`.

    An engine that finds `docker0` taken by another would share its addresses: it gets a bridge of its own.

    Raises:
        Problem: no bridge can be made.
    """
    choice = folder / "bridge"
    if not choice.exists():
        folder.mkdir(parents=True, exist_ok=True)
        bridge_name = f"mimir{hashlib.sha256(os.fsencode(folder)).hexdigest()[:6]}"
        choice.write_text(bridge_name if _exists(DEFAULT) else DEFAULT)
    name = choice.read_text().strip()
    if name == DEFAULT:
        return []
    if not _exists(name):
        _create(name)
    return ["--bridge", name]


def _exists(name: str) -> bool:
    return name in (interface for _, interface in socket.if_nameindex())


def _create(name: str) -> None:
    address = next((candidate for candidate in CANDIDATES if _is_free(candidate)), None)
    if address is None:
        raise Problem(
            f"every address range for a bridge is taken: {', '.join(CANDIDATES)}",
            "start a Docker engine of your own, and set DOCKER_HOST",
        )
    for argv in (
        ["ip", "link", "add", "name", name, "type", "bridge"],
        ["ip", "address", "add", address, "dev", name],
        ["ip", "link", "set", name, "up"],
    ):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Problem(f"`{' '.join(argv)}`: {done.stderr.strip()}", "start a Docker engine of your own")


def _is_free(candidate: str) -> bool:
    network = ipaddress.ip_interface(candidate).network
    # Each line of `ip -o address`: number, interface, family, address/length, ...
    taken = [line.split()[3] for line in output_of(["ip", "-o", "-4", "address"]).splitlines()]
    return not any(network.overlaps(ipaddress.ip_interface(address).network) for address in taken)
