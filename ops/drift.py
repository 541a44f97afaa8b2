"""What somebody changed or removed behind Pulumi's back, as a report; changes nothing."""

from __future__ import annotations

import argparse

from ops import stack as stacks
from ops import written


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `drift` takes."""
    written.add(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare the stack's state with its platform and write the report."""
    from ops.report import make, observed

    stack = observed.workspace(arguments.stack, {})
    written.say(f"Looking for drift of stack {arguments.stack} …")
    report, text = make.drift(stack, command=f"make drift STACK={arguments.stack}")
    if stacks.setting(arguments.stack, "platform") == "kubernetes":
        from ops.ownership import in_report

        report = in_report.add(report)
    return written.write(stack, report, text, arguments)
