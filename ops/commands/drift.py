"""What somebody changed or removed behind Pulumi's back, as a report; changes nothing."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from ops.report import report_files
from ops.stack import cli, stack_settings
from ops.state.interrupted import exported

if TYPE_CHECKING:
    from ops.report.report import Report


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `drift` takes."""
    report_files.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare the stack's state with its platform and write the report."""
    from ops.report import assemble, preview_events

    workspace = preview_events.workspace(arguments.stack, {})
    report_files.say(f"Looking for drift of stack {arguments.stack} …")
    report, text = assemble.drift(workspace, command=f"make drift STACK={arguments.stack}")
    return report_files.write(workspace, _with_what_runs(report), text, arguments)


def _with_what_runs(report: Report) -> Report:
    """The report, with what a refresh does not see: who owns fields in a cluster, what runs on an engine."""
    if cli.setting(report.stack, "platform") == "kubernetes":
        from ops.ownership import in_report

        return in_report.add(report)
    state = exported(report.stack)
    if report.errors or not state.get("resources"):
        return report
    from ops.report import running_state

    changes, errors = running_state.inspect_running(
        report.stack, stack_settings.load_settings(report.stack, {}), state, report.changes
    )
    return replace(report, changes=[*report.changes, *changes], errors=[*report.errors, *errors])
