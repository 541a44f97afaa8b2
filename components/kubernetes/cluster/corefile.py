"""A parser for CoreDNS configuration (Corefile), limited to what is needed to look up the options of a plugin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

TOKEN = re.compile(r'#.*|\n|"(?:\\.|[^"\\])*"|\S+')


@dataclass(frozen=True)
class Directive:
    """A directive of a Corefile, with its block.

    Attributes:
        words: name and arguments; for a server block, its zones.
        block: directives between the braces.
    """

    words: tuple[str, ...]
    block: tuple[Directive, ...] = ()

    def plugin(self, name: str) -> Directive | None:
        """Return the last directive of the block with this name, or None.

        Raises:
            ValueError: the directive contains environment variables.
        """
        line = next((line for line in reversed(self.block) if line.words[0] == name), None)
        if line and any("{" in word for part in (line, *line.block) for word in part.words):
            raise ValueError(f"`{name}` has environment variables")
        return line

    def arguments(self, name: str) -> tuple[str, ...]:
        """Return the arguments of the last directive with this name; empty if there is none.

        Raises:
            ValueError: the directive contains environment variables.
        """
        line = self.plugin(name)
        return line.words[1:] if line else ()


def servers(text: str, name: str) -> list[Directive]:
    """Return the server blocks that serve a name over plain DNS, with their snippets expanded.

    CoreDNS uses the longest zone that contains the name. Blocks for that zone on several ports are all returned.

    Args:
        text: the Corefile.
        name: DNS name without the trailing dot.

    Returns:
        The matching server blocks, at least one.

    Raises:
        ValueError: no server block matches, or the text is not a valid Corefile.
    """
    directives = _parse(text)
    snippets = {line.words[0].strip("()"): line.block for line in directives if line.words[0].startswith("(")}
    matching: dict[int, list[Directive]] = {}
    for server in directives:
        if server.block and any("{" in key for key in server.words):
            raise ValueError("a zone is named by an environment variable")
        for zone in map(_zone, server.words):
            if server.block and zone is not None and covers((zone,), name):
                matching.setdefault(len(zone), []).append(server)
    if not matching:
        raise ValueError(f"no server block for {name}")
    return [Directive(server.words, tuple(_lines(server, snippets))) for server in matching[max(matching)]]


def covers(zones: Sequence[str], name: str) -> bool:
    """Check whether a name is in one of several zones.

    Args:
        zones: zones as written in a Corefile.
        name: DNS name without the trailing dot.

    Returns:
        Whether one of the zones contains the name.
    """
    plain = [zone for zone in map(_zone, zones) if zone is not None]
    return any(zone in ("", name) or name.endswith(f".{zone}") for zone in plain)


def number(words: Sequence[str], default: int) -> int:
    """Parse the first argument as a number.

    Args:
        words: arguments of a directive.
        default: value to return if there are no arguments.

    Returns:
        The number.

    Raises:
        ValueError: the first argument is not a number.
    """
    if words and not words[0].isdecimal():
        raise ValueError(f"`{words[0]}` in place of a number")
    return int(words[0]) if words else default


def _lines(server: Directive, snippets: Mapping[str, tuple[Directive, ...]]) -> Iterator[Directive]:
    """Yield the directives of a server block with its snippets expanded; imports of files are kept as they are."""
    for line in server.block:
        yield from snippets.get(line.words[1], (line,)) if line.words[0] == "import" and line.words[1:] else (line,)


def _zone(key: str) -> str | None:
    """Return the zone of a server block key or plugin argument; None if it is not served over plain DNS."""
    protocol, _, address = key.rstrip(",").lower().rpartition("://")
    return re.sub(r":\d+$", "", address).rstrip(".") if protocol in ("", "dns") else None


def _parse(text: str) -> tuple[Directive, ...]:
    words: list[str] = []
    block: list[Directive] = []
    outer: list[tuple[tuple[str, ...], list[Directive]]] = []
    for token in [*TOKEN.findall(text), "\n"]:
        if token.startswith("#") or token == "{}":
            continue
        if token == "{":
            if not words:
                raise ValueError("a `{` without a name")
            outer.append((tuple(words), block))
            words, block = [], []
        elif token in ("\n", "}"):
            if words and not words[-1].endswith(","):  # the zones of a server block may go on in the next line
                block.append(Directive(tuple(words)))
                words = []
            if token == "}":
                if not outer:
                    raise ValueError("a `}` without a `{`")
                opened, enclosing = outer.pop()
                enclosing.append(Directive(opened, tuple(block)))
                block = enclosing
        else:
            words.append(token.strip('"'))
    if outer:
        raise ValueError("a `{` without a `}`")
    return tuple(block)
