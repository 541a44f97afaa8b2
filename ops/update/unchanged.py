"""Skips an update that would change nothing, after a preview with the policy pack.

Production stacks are previewed before an update, which takes twice as long. On Kubernetes, an update without changes
does nothing that its preview has not done, because everything that it checks is an input of a resource. So it can be
skipped. This requires a preview without any difference, and without a warning about an incomplete rollout. In all other
cases, and in case of doubt, `pulumi up` previews again and updates, under the stack's lock. On a Docker engine, each
update also verifies and repairs what is running: none is skipped.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.constants import NOT_COMPLETE, UPDATE_WOULD_FAIL
from ops.display import duration
from ops.display.display import Display
from ops.display.process import Tail, supervised
from ops.display.run import STREAM_PREVIEW

STACK = "pulumi:pulumi:Stack"
SAME = "same"
MARKS = (UPDATE_WOULD_FAIL, NOT_COMPLETE)
"""Parts of warnings that prevent an update from being skipped."""

SIGNALLED = 128
"""Added to a signal's number for the exit code of a command that it ended."""


@dataclass(frozen=True)
class Unchanged:
    """The result of a deployment without changes.

    Attributes:
        resources: number of resources that are unchanged.
    """

    resources: int


@dataclass
class Verdict:
    """The result of a preview, collected from its events.

    Attributes:
        resources: number of resources that would not change.
        differences: what would change, or why that is unknown.
        is_complete: whether the preview succeeded and a policy pack was evaluated.
        has_outputs: whether the preview reached the stack's outputs.
    """

    resources: int = 0
    differences: list[str] = field(default_factory=list)
    is_complete: bool = False
    has_outputs: bool = False

    @property
    def is_unchanged(self) -> bool:
        """Whether an update would change nothing, neither in the cluster nor in the state."""
        return self.is_complete and self.has_outputs and self.resources > 0 and not self.differences

    def add_line(self, line: str) -> None:
        """Evaluate a line of the CLI's output."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self.differences.append(line)
            return
        self._operation(event.get("resourcePreEvent"), is_end=False)
        self._operation(event.get("resOutputsEvent"), is_end=True)
        if "resOpFailedEvent" in event:
            self.differences.append("a resource has failed")
        self._diagnostic(event.get("diagnosticEvent") or {})
        if "summaryEvent" in event:
            self._summary(event["summaryEvent"])

    def _operation(self, content: Mapping[str, Any] | None, *, is_end: bool) -> None:
        if content is None:
            return
        step = content["metadata"]
        # The operation is not sufficient: resource options such as `protect`, and the stack's outputs, may change, too.
        if step["op"] != SAME or (is_end and step.get("old") != step.get("new")):
            self.differences.append(step["urn"])
        elif is_end and step.get("type") == STACK:
            self.has_outputs = True

    def _diagnostic(self, content: Mapping[str, Any]) -> None:
        severity, text = content.get("severity"), str(content.get("message"))
        if severity == "error" or (severity == "warning" and any(mark in text for mark in MARKS)):
            self.differences.append(text)

    def _summary(self, content: Mapping[str, Any]) -> None:
        changes = {op: number for op, number in (content.get("resourceChanges") or {}).items() if number}
        self.resources = changes.pop(SAME, 0)
        self.differences += changes
        self.is_complete = bool(
            content.get("isPreview") and content.get("result") == "succeeded" and content.get("PolicyPacks")
        )


def find_changes(stack: str, flags: Sequence[str], env: Mapping[str, str]) -> Unchanged | int | None:
    """Preview a stack, and show the result only if the update can be skipped.

    Args:
        stack: name of the stack.
        flags: additional flags of the CLI, such as the policy pack.
        env: environment of the CLI.

    Returns:
        What is unchanged; None if an update is required; or the exit code if this process was interrupted.
    """
    print("Looking for changes …", flush=True)
    start_time, signals = time.monotonic(), list[int]()
    command = ["pulumi", "preview", *flags, "--stack", stack, "--json", "--color=never"]
    # Unnamed files, for the same reasons as in `ops.display.run`.
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        with supervised(command, {**env, STREAM_PREVIEW: "true"}, stdout, stderr, on_signal=signals.append) as process:
            code = process.wait()
        events, messages = ([*Tail(file).lines(is_complete=True)] for file in (stdout, stderr))
    if signals:
        print("interrupted; nothing was changed", file=sys.stderr)
        return SIGNALLED + signals[0]
    verdict = Verdict()
    for line in events:
        verdict.add_line(line)
    if code != 0 or not verdict.is_unchanged:
        return None
    display = Display(stack, ["Nothing to change"])
    for line in messages:
        display.error_output(line)
    for line in events:
        display.output(line)
    print(f"Resources: {verdict.resources} unchanged ({duration.words(time.monotonic() - start_time)})")
    display.end(code)
    return Unchanged(verdict.resources)
