"""What somebody changed or removed behind Pulumi's back, as a report; changes nothing."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from ops import stack, stack_settings, written
from ops.interrupted import exported

if TYPE_CHECKING:
    from ops.report.report import Report


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `drift` takes."""
    written.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare the stack's state with its platform and write the report."""
    from ops.report import make, observed

    workspace = observed.workspace(arguments.stack, {})
    written.say(f"Looking for drift of stack {arguments.stack} …")
    report, text = make.drift(workspace, command=f"make drift STACK={arguments.stack}")
    return written.write(workspace, _with_what_runs(report), text, arguments)


def _with_what_runs(report: Report) -> Report:
    """The report, with what a refresh does not see: who owns fields in a cluster, what runs on an engine."""
    if stack.setting(report.stack, "platform") == "kubernetes":
        from ops.ownership import in_report

        return in_report.add(report)
    state = exported(report.stack)
    if report.errors or not state.get("resources"):
        return report
    from ops.report import live

    changes, errors = live.look(report.stack, stack_settings.of(report.stack, {}), state, report.changes)
    return replace(report, changes=[*report.changes, *changes], errors=[*report.errors, *errors])
