"""The cluster's addresses: chosen once, where nothing else on this machine is, and kept."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from toolchain.command import output_of
from toolchain.problem import Problem
from toolchain.services.cluster.places import BRIDGE

SECONDS = range(213, 233)
"""The second bytes of the ranges that are tried. Docker takes its networks from 172.16/12 and 192.168/16."""

ERASE = "python3 -m toolchain stop --erase cluster, then make cluster: it chooses others"


@dataclass(frozen=True)
class Addresses:
    """The ranges of pods and services."""

    pods: IPv4Network
    services: IPv4Network

    @property
    def node(self) -> IPv4Address:
        """The node's own, on the bridge: the machine's other addresses change, or are for others to reach."""
        return self.pods[1]

    @property
    def api(self) -> IPv4Address:
        """Under which pods find the API: the first of the services, by Kubernetes' rule."""
        return self.services[1]

    @property
    def dns(self) -> IPv4Address:
        """Under which pods find the DNS: the tenth, by custom."""
        return self.services[10]


def chosen(file: Path) -> Addresses:
    """The cluster's addresses, chosen now if there are none yet.

    Raises:
        Problem: something else on this machine has them.
    """
    taken = taken_now()
    if file.exists():
        saved = json.loads(file.read_text())
        kept = Addresses(IPv4Network(saved["pods"]), IPv4Network(saved["services"]))
        if not is_free(kept, taken):
            message = f"the cluster's addresses {kept.pods} and {kept.services} are in use by another network"
            raise Problem(message, ERASE)
        return kept
    candidates = (_candidate(second) for second in SECONDS)
    free = next((candidate for candidate in candidates if is_free(candidate, taken)), None)
    if free is None:
        ranges = f"{_candidate(SECONDS[0]).pods} to {_candidate(SECONDS[-1]).services}"
        raise Problem(
            f"every range of addresses from {ranges} is taken", "use a cluster of your own: export KUBECONFIG=..."
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"pods": str(free.pods), "services": str(free.services)}))
    return free


def is_free(addresses: Addresses, taken: Iterable[IPv4Network]) -> bool:
    """Whether none of the ranges overlaps a network in use.

    Args:
        addresses: the ranges to check.
        taken: the networks in use.
    """
    ranges = (addresses.pods, addresses.services)
    return not any(network.overlaps(address_range) for network in taken for address_range in ranges)


def taken_now() -> list[IPv4Network]:
    """The networks that this machine is in or has a route to, without the cluster's own bridge."""
    outputs = [output_of(["ip", "-o", "-4", subcommand]) for subcommand in ("address", "route")]
    return networks("\n".join(outputs))


def networks(listed: str) -> list[IPv4Network]:
    """The networks in the output of `ip -o -4 address` and `ip -o -4 route`."""
    result = []
    for words in map(str.split, listed.splitlines()):
        # A line of `address` begins with a number and a colon, and its fourth word is the address; a line of `route`
        # begins with the destination, or with a word for its kind (`default`, `blackhole`).
        if BRIDGE in words:
            continue
        candidates = words[3:4] if words[0].endswith(":") else words[:2]
        result += [network for word in candidates if (network := _network(word))]
    return result


def _network(word: str) -> IPv4Network | None:
    try:
        return ipaddress.IPv4Interface(word).network
    except ValueError:
        return None


def _candidate(second: int) -> Addresses:
    return Addresses(IPv4Network(f"10.{second}.0.0/24"), IPv4Network(f"10.{second}.1.0/24"))
