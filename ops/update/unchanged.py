"""Whether an update would change anything: a preview that the policy pack judges, and no more where nothing would.

Production is previewed before it is updated, which takes twice as long. On Kubernetes an update without a change does
nothing that the preview has not done: everything that it checks is an input of a resource. So it can be left out. Only
a preview without any difference counts, and none that warns of a rollout that is not complete. In all other cases, and
in every doubt, `pulumi up` previews again, and then updates, under the stack's lock. On a Docker engine each update
also proves what runs, and mends it: none is left out.
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
from ops.display.process import Tail, attended
from ops.display.run import STREAM_PREVIEW

STACK = "pulumi:pulumi:Stack"
SAME = "same"
MARKS = (UPDATE_WOULD_FAIL, NOT_COMPLETE)
"""Of warnings because of which an update is not left out."""

SIGNALLED = 128
"""What is added to a signal's number, for the exit code of a command that it has ended."""


@dataclass(frozen=True)
class Unchanged:
    """A deployment that had nothing to do.

    Attributes:
        resources: how many were looked at, and are as they should be.
    """

    resources: int


@dataclass
class Verdict:
    """What a preview's events say, one after the other.

    Attributes:
        resources: how many would stay as they are.
        differences: why this is not a preview without any difference.
        is_complete: whether it came to its end with the judgement of a policy pack.
        has_outputs: whether it got to the stack's outputs.
    """

    resources: int = 0
    differences: list[str] = field(default_factory=list)
    is_complete: bool = False
    has_outputs: bool = False

    @property
    def is_unchanged(self) -> bool:
        """Whether an update would change nothing, neither in the cluster nor in the state."""
        return self.is_complete and self.has_outputs and self.resources > 0 and not self.differences

    def see(self, line: str) -> None:
        """Take in a line of the CLI's output."""
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
        # The operation alone does not tell: what protects a resource, and the stack's outputs, may change beside it.
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
    """Preview `stack`; show the result only if an update can be left out.

    Args:
        stack: name of the stack.
        flags: what the CLI is told besides, such as the policy pack.
        env: the CLI's environment.

    Returns:
        What was found unchanged, None where an update is due, or the exit code where this process was told to end.
    """
    print("Looking for changes …", flush=True)
    began, told = time.monotonic(), list[int]()
    command = ["pulumi", "preview", *flags, "--stack", stack, "--json", "--color=never"]
    # In files without a name, as in `ops.display.run`.
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        with attended(command, {**env, STREAM_PREVIEW: "true"}, stdout, stderr, on_signal=told.append) as process:
            code = process.wait()
        events, messages = ([*Tail(file).lines(is_complete=True)] for file in (stdout, stderr))
    if told:
        print("interrupted; nothing was changed", file=sys.stderr)
        return SIGNALLED + told[0]
    verdict = Verdict()
    for line in events:
        verdict.see(line)
    if code != 0 or not verdict.is_unchanged:
        return None
    display = Display(stack, ["Nothing to change"])
    for line in messages:
        display.error_output(line)
    for line in events:
        display.output(line)
    print(f"Resources: {verdict.resources} unchanged ({duration.words(time.monotonic() - began)})")
    display.end(code)
    return Unchanged(verdict.resources)
