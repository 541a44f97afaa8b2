"""How long CoreDNS may give an answer that is no longer true.

The rule, from CoreDNS's source (github.com/coredns/coredns, releases 1.7 to 1.13):

- The `kubernetes` plugin answers from memory. Addresses have the TTL `ttl`, 5 s by default; so has the SOA record of a
  negative answer, 300 s at most (plugin/kubernetes/setup.go, plugin/backend_lookup.go).
- `cache` keeps an answer for the smallest TTL in it, MINTTL (5 s) at least and TTL at most: 3600 s, or 1800 s for a
  negative answer. It hands the answer on with no larger TTL (plugin/cache/cache.go: `computeTTL`, `WriteMsg`).
  `cache N` sets TTL for both kinds, `success` and `denial` for one. Zones after it, and `disable`, leave names out.
- `serve_stale` gives an expired answer for DURATION (1 h) more. `verify` without a time limit does so only while the
  source does not answer (plugin/cache/handler.go).
- `prefetch` renews answers earlier, `keepttl` hands on the whole TTL instead of the rest: neither keeps one longer.
- `rewrite ttl` changes the TTL that is handed on; it is not followed here.

A plugin stands once in a server block (`plugin.ErrOnce`), so imported files cannot change one that is there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from components.kubernetes.cluster.corefile import Directive, covers, number, servers

RECORD_TTL = 5
LEAST_TTL = 5
MOST_TTL = {"success": 3600, "denial": 1800}
STALE = "1h"

DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Lifetime:
    """How long a name server may serve an answer.

    Attributes:
        seconds: maximum time in seconds that the server may serve an answer after it is outdated.
        ttl: largest TTL of its answers in seconds; the next cache keeps the answer that long.
    """

    seconds: int
    ttl: int


def of_cluster(corefile: str, name: str) -> Lifetime:
    """Return the lifetime of answers of the name servers with the `kubernetes` plugin.

    Args:
        corefile: configuration of the name servers.
        name: DNS name of a Service, or a suffix of one, without the trailing dot.

    Returns:
        The longest lifetime of the server blocks that serve the name.

    Raises:
        ValueError: the configuration does not define it, or is not understood.
    """
    lifetimes = []
    for server in servers(corefile, name):
        plugin = server.plugin("kubernetes")
        if plugin is None or not covers(plugin.words[1:] or server.words, name):
            raise ValueError(f"no `kubernetes` plugin for {name}")
        lifetimes.append(_cached(server, name, number(plugin.arguments("ttl"), RECORD_TTL)))
    return max(lifetimes, key=lambda lifetime: lifetime.seconds)


def of_forwarder(corefile: str, name: str, ttl: int) -> Lifetime:
    """Return the lifetime of answers of a forwarding name server, such as NodeLocal DNSCache.

    Args:
        corefile: configuration of the name server.
        name: as in `of_cluster`.
        ttl: largest TTL of the answers that it receives, in seconds.

    Returns:
        The longest lifetime of the server blocks that serve the name.

    Raises:
        ValueError: as in `of_cluster`.
    """
    lifetimes = [_cached(server, name, ttl) for server in servers(corefile, name)]
    return max(lifetimes, key=lambda lifetime: lifetime.seconds)


def _cached(server: Directive, name: str, ttl: int) -> Lifetime:
    """Return the lifetime of an answer that `cache` gets from another plugin with this TTL, in seconds."""
    if any(line.words[0] == "rewrite" and "ttl" in line.words for line in server.block):
        raise ValueError("`rewrite ttl`")
    cache = server.plugin("cache")
    if cache is None:
        if server.plugin("import"):
            raise ValueError("`cache` may be in an imported file")
        return Lifetime(0, ttl)
    # cache [TTL] [ZONES...]
    cap = [word for word in cache.words[1:2] if word.isdecimal()]
    zones = cache.words[1 + len(cap) :]
    if zones and not covers(zones, name):
        return Lifetime(0, ttl)
    stale, stale_ttl = _stale(cache)
    kept, handed_on = [], [stale_ttl]
    for kind, most in MOST_TTL.items():
        # KIND CAPACITY [TTL] [MINTTL]
        limits = cache.arguments(kind)[1:]
        seconds = min(max(ttl, number(limits[1:], LEAST_TTL)), number(limits, number(cap, most)))
        handed_on.append(seconds)
        kept.append(0 if covers(_disabled(cache, kind), name) else seconds + stale)
    return Lifetime(max(kept), max(handed_on))


def _stale(cache: Directive) -> tuple[int, int]:
    """Return how much longer an expired answer is served, and its largest TTL; both in seconds."""
    # serve_stale [DURATION] [MODE], and then times, the TTL among them
    arguments = cache.arguments("serve_stale")
    if not cache.plugin("serve_stale") or arguments[1:] == ("verify",):
        return 0, 0
    return _seconds((*arguments, STALE)[0]), max(map(_seconds, arguments[2:]), default=0)


def _disabled(cache: Directive, kind: str) -> Sequence[str]:
    """Return the zones whose answers of this kind are not cached. The last line counts; no zones means all."""
    lines = [line for line in cache.block if line.words[:2] == ("disable", kind)]
    return (lines[-1].words[2:] or ("",)) if lines else ()


def _seconds(duration: str) -> int:
    """Convert a Go duration to seconds, rounded up."""
    parts = DURATION.findall(duration)
    if "".join(figure + unit for figure, unit in parts) != duration and duration != "0":
        raise ValueError(f"`{duration}` in place of a duration")
    return math.ceil(sum(float(figure) * UNITS[unit] for figure, unit in parts))
