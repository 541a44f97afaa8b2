"""Runs the CLI: with its own display on a terminal, as lines elsewhere."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Mapping, Sequence
from subprocess import TimeoutExpired

from ops.display.display import Display
from ops.display.process import Tail, supervised

POLL_SECONDS = 0.05
"""Interval at which the CLI's output is read."""

STREAM_PREVIEW = "PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
"""Without it, the preview before an update is one JSON document at its end."""

HEADINGS = {"up": "Updating", "destroy": "Destroying"}


def run(command: str, arguments: Sequence[str], stack: str, env: Mapping[str, str]) -> int:
    """Run the CLI on a stack, show its progress, and return its exit code.

    Args:
        command: the CLI's command, such as `up`.
        arguments: its arguments.
        stack: name of the stack.
        env: environment of the CLI.
    """
    line = ["pulumi", command, *arguments, "--stack", stack]
    if sys.stdout.isatty():
        with supervised(line, env) as process:
            return process.wait()
    headings = [HEADINGS.get(command, command)]
    if "--skip-preview" not in arguments:
        headings.insert(0, "Previewing")
    return _run_as_lines([*line, "--json", "--color=never"], {**env, STREAM_PREVIEW: "true"}, Display(stack, headings))


def _run_as_lines(line: Sequence[str], env: Mapping[str, str], display: Display) -> int:
    """Run the CLI and show its events.

    The CLI writes them to files, not to pipes: an update must neither stop nor wait because its reader does. The files
    are unnamed, because debug events contain decrypted secrets.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a character that cannot be printed must not end an update halfway
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        events, messages = Tail(stdout), Tail(stderr)

        def show(*, is_complete: bool = False) -> None:
            for text in messages.lines(is_complete=is_complete):
                display.error_output(text)
            for text in events.lines(is_complete=is_complete):
                display.output(text)

        with supervised(line, env, stdout, stderr) as process:
            while True:
                try:
                    code = process.wait(POLL_SECONDS)
                    break
                except TimeoutExpired:
                    show()
        show(is_complete=True)
    display.end(code)
    return code
