"""The steps of an image build, from BuildKit's plain progress, which the docker-build plugin passes on line by line.

The format is defined in `util/progress/progressui/printer.go` in moby/buildkit. Each line starts with the step's
number; the first line of a step continues with its name:

    #9 [linux/amd64 build 4/6] RUN go build ./...
    #9 0.412 go: downloading golang.org/x/sys v0.30.0
    #9 DONE 12.6s
"""

from __future__ import annotations

import re

from ops.display import duration

LINE = re.compile(r"#(?P<number>\d+) (?P<rest>.*)")
DONE = re.compile(r"DONE (?P<seconds>\d+\.\d)s")
RESTART = "#0 "
"""Start of the first line of a build."""

LONGEST_NAME = 100
"""Maximum number of characters of a step's name that are shown: a command may be a whole script."""


class BuildSteps:
    """The steps of one image's builds."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._shown: set[str] = set()

    def lines(self, progress: str) -> list[str]:
        """A line for each step in `progress` that has ended and took notably long."""
        return [line for text in progress.splitlines() if (line := self._line(text))]

    def _line(self, text: str) -> str | None:
        if text.startswith(RESTART):
            self._names.clear()
        match = LINE.fullmatch(text.strip())
        if not match:
            return None
        number, rest = match["number"], match["rest"]
        name = self._names.setdefault(number, rest)
        done_line = DONE.fullmatch(rest)
        if not done_line or name in self._shown or not (suffix := duration.suffix(float(done_line["seconds"]))):
            return None
        self._shown.add(name)  # the plugin repeats the complete progress after a failure
        return f"    {name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + '…'}{suffix}"
