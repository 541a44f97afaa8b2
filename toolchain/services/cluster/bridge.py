"""The bridge that pods are connected to. The node's own address is on it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from toolchain.cluster_context import VARIABLE
from toolchain.problem import Problem
from toolchain.services.cluster.addresses import Addresses
from toolchain.services.cluster.places import BRIDGE

FILTERING = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")


def exists() -> bool:
    return BRIDGE in (interface for _, interface in socket.if_nameindex())


def start(addresses: Addresses) -> None:
    """Have the bridge.

    Raises:
        Problem: it cannot be made.
    """
    if not exists():
        _run(["ip", "link", "add", "name", BRIDGE, "type", "bridge"])
    _run(["ip", "address", "replace", f"{addresses.node}/{addresses.pods.prefixlen}", "dev", BRIDGE])
    _run(["ip", "link", "set", BRIDGE, "up"])
    if not FILTERING.exists():
        # A module on most machines, built in on some: what matters is whether the file is there afterwards.
        with contextlib.suppress(OSError):
            subprocess.run(["modprobe", "br_netfilter"], capture_output=True, check=False)
    if not FILTERING.exists():
        message = (
            "this kernel does not let iptables see what crosses a bridge (br_netfilter), so services would not work"
        )
        raise Problem(message, f"modprobe br_netfilter, or use a cluster of your own: export {VARIABLE}=<context>")
    if FILTERING.read_text().strip() != "1":
        FILTERING.write_text("1")


def stop() -> None:
    if exists():
        _run(["ip", "link", "delete", BRIDGE])


def _run(argv: Sequence[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Problem(f"`{' '.join(argv)}`: {done.stderr.strip()}", "see what it says about your network")
