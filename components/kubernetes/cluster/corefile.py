"""The syntax of CoreDNS's configuration (Corefile), as far as a question about one plugin needs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

TOKEN = re.compile(r'#.*|\n|"(?:\\.|[^"\\])*"|\S+')


@dataclass(frozen=True)
class Directive:
    """A line of a Corefile, and the block that it opens.

    Attributes:
        words: name and arguments; of a server block, its zones.
        block: what is between its braces.
    """

    words: tuple[str, ...]
    block: tuple[Directive, ...] = ()

    def plugin(self, name: str) -> Directive | None:
        """The line of the block that begins with `name`, the last if there are several.

        Raises:
            ValueError: its values come from environment variables.
        """
        line = next((line for line in reversed(self.block) if line.words[0] == name), None)
        if line and any("{" in word for part in (line, *line.block) for word in part.words):
            raise ValueError(f"`{name}` has environment variables")
        return line

    def arguments(self, name: str) -> tuple[str, ...]:
        """What follows `name` in that line; nothing where there is none."""
        line = self.plugin(name)
        return line.words[1:] if line else ()


def servers(text: str, name: str) -> list[Directive]:
    """The server blocks that answer for a name over plain DNS, with their snippets filled in.

    CoreDNS takes the longest zone that contains the name. Blocks for it on several ports are all returned.

    Args:
        text: the Corefile.
        name: DNS name, without the last dot.

    Raises:
        ValueError: there is none, or the text is no Corefile.
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
    """Whether one of `zones`, as a Corefile has them, contains `name`."""
    plain = [zone for zone in map(_zone, zones) if zone is not None]
    return any(zone in ("", name) or name.endswith(f".{zone}") for zone in plain)


def number(words: Sequence[str], default: int) -> int:
    """The first of `words`, or `default` where there is none.

    Raises:
        ValueError: the word is no number.
    """
    if words and not words[0].isdecimal():
        raise ValueError(f"`{words[0]}` in place of a number")
    return int(words[0]) if words else default


def _lines(server: Directive, snippets: Mapping[str, tuple[Directive, ...]]) -> Iterator[Directive]:
    """The lines of a server block, with those of the snippets that it imports; imported files stay as they are."""
    for line in server.block:
        yield from snippets.get(line.words[1], (line,)) if line.words[0] == "import" and line.words[1:] else (line,)


def _zone(key: str) -> str | None:
    """The zone of a server block's key or of a plugin's argument; None where it is not served over plain DNS."""
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
