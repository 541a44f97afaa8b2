"""Report what was changed or removed outside of Pulumi; changes nothing."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from ops.report import report_files
from ops.stack import cli, stack_settings
from ops.state.interrupted import export_state

if TYPE_CHECKING:
    from ops.report.report import Report


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `drift`."""
    report_files.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare the stack's state with the platform, and write the report."""
    from ops.report import assemble, preview_events

    workspace = preview_events.workspace(arguments.stack, {})
    report_files.say(f"Looking for drift of stack {arguments.stack} …")
    report, text = assemble.drift(workspace, command=f"make drift STACK={arguments.stack}")
    return report_files.write(workspace, _add_running_state(report), text, arguments)


def _add_running_state(report: Report) -> Report:
    """`report` with what a refresh does not detect: field owners in a cluster, running containers on an engine."""
    if cli.setting(report.stack, "platform") == "kubernetes":
        from ops.ownership import in_report

        return in_report.add(report)
    state = export_state(report.stack)
    if report.errors or not state.get("resources"):
        return report
    from ops.report import running_state

    changes, errors = running_state.inspect_running(
        report.stack, stack_settings.load_settings(report.stack, {}), state, report.changes
    )
    return replace(report, changes=[*report.changes, *changes], errors=[*report.errors, *errors])
