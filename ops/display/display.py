"""Prints the CLI's events as lines: each operation when it ends, and the cause of a failure last."""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from ops.display import duration, outputs
from ops.display.build_steps import BuildSteps
from ops.display.events import Diagnostic, Download, Event, Operation, Resource, Summary, Text, Violation, parse
from ops.display.messages import Messages
from ops.display.next_step import next_step
from ops.display.operations import VERBS, Operations
from ops.display.policies import Policies

IMAGE = "docker-build:index:Image"
WARNING = "warning: "
ERROR = "error: "


class Display:
    """The display of one run of the CLI.

    Args:
        stack: name of the stack.
        headings: headings of the preview and the update, in this order, for example `Updating`.
        clock: a monotonic clock, in seconds.
    """

    def __init__(self, stack: str, headings: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._stack, self._headings, self._clock = stack, iter(headings), clock
        self._operations, self._messages, self._policies = Operations(), Messages(), Policies()
        self._steps: defaultdict[str, BuildSteps] = defaultdict(BuildSteps)
        self._downloads: set[str] = set()
        self._outputs: Mapping[str, Any] = {}
        self._cli_errors: list[str] = []
        self._has_begun = False
        self._began = clock()
        self._begin()

    def output(self, line: str) -> None:
        """Show a line of the CLI's output."""
        event = parse(line)
        if event:
            self._event(event)

    def error_output(self, line: str) -> None:
        """Show a line of the CLI's standard error, or keep it as the cause."""
        if self._cli_errors or line.startswith(ERROR):
            self._cli_errors.append(line)
        elif line.startswith(WARNING):  # also an event, if the engine has started
            self._event(Diagnostic("warning", line.removeprefix(WARNING).rstrip(), Resource("")))
        elif line.strip():
            _write(sys.stderr, [line])

    def end(self, code: int) -> None:
        """Show the outputs, or the cause of the failure.

        Args:
            code: exit code of the CLI.
        """
        cause = [*self._messages.errors(), *self._policies.mandatory(), *self._cli_errors]
        if code == 0:
            _write(sys.stderr, cause)  # a program may log an error and continue
            lines = outputs.lines(self._outputs)
            _write(sys.stdout, ["Outputs:", *lines] if lines else [])
            return
        cause = (
            cause or self._messages.unremarkable() or [f"{ERROR}pulumi ended with exit code {code}, without a message"]
        )
        step = next_step("\n".join(cause), self._stack, has_begun=self._has_begun)
        _write(sys.stderr, ["", *cause, *(["", step] if step else [])])

    def _begin(self) -> None:
        heading = next(self._headings, None)
        _write(sys.stdout, [f"{heading} ({self._stack}):"] if heading else [])

    def _event(self, event: Event) -> None:
        match event:
            case Operation():
                self._operation(event)
            case Diagnostic():
                _write(sys.stdout, self._diagnostic(event))
            case Violation():
                self._policies.keep(event)
            case Summary():
                self._summary(event)
            case Download(id=name, text=text) if name not in self._downloads:
                self._downloads.add(name)
                _write(sys.stdout, [text])
            case Text(text=text):
                _write(sys.stdout, [text] if text.strip() else [])

    def _operation(self, operation: Operation) -> None:
        self._has_begun = not operation.is_planned
        if operation.resource.is_stack and operation.phase == "end":
            self._outputs = operation.new or {}
        line = self._operations.line(operation, self._clock())
        _write(sys.stdout, [line] if line else [])

    def _diagnostic(self, diagnostic: Diagnostic) -> list[str]:
        """The lines of a message. Debug messages are not shown: they contain decrypted secrets."""
        severity, text = diagnostic.severity, diagnostic.text
        if severity == "debug" or not text:
            return []
        if severity == "info" and diagnostic.resource.type == IMAGE:
            return self._steps[diagnostic.resource.urn].lines(text)
        if diagnostic.is_status:
            return []
        if severity == "error":
            self._messages.keep(diagnostic)
            return []
        if severity == "warning":
            warning = self._messages.warning(diagnostic)
            return [warning] if warning else []
        return [text]

    def _summary(self, summary: Summary) -> None:
        lines = self._policies.lines(summary.packs)
        if not summary.is_preview:
            changes = sorted(summary.changes.items(), key=lambda change: change[0] == "same")
            words = [f"{number} {_done(op)}" for op, number in changes if number]
            took = duration.words(self._clock() - self._began)
            lines.append(f"Resources: {', '.join(words) or 'none'} ({took})")
        _write(sys.stdout, lines)
        if summary.is_preview and not summary.is_failed:
            self._begin()


def _done(op: str) -> str:
    """What was done to the resources, as a past participle."""
    return {"same": "unchanged", "replace": "replaced"}.get(op) or VERBS.get(op, ("", op, op))[2]


def _write(stream: TextIO, lines: list[str]) -> None:
    """Write and flush `lines`. A closed pipe does not stop the update, which would leave the stack locked."""
    try:
        for line in lines:
            print(line, file=stream)
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
