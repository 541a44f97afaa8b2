"""Keep one GitHub issue for a report: open or update it while there are findings, close it when there are none."""

from __future__ import annotations

import argparse
from pathlib import Path

from ops.github.api import GitHub

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `issue`."""
    parser.add_argument("--title", required=True, help="title, by which the existing issue is found")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="text of the issue, in Markdown")
    parser.add_argument("--nothing", action="store_true", help="there are no findings: close the issue if it is open")


def run(arguments: argparse.Namespace) -> int:
    """Open, update or close the issue."""
    github = GitHub()
    number = next(
        (
            issue["number"]
            for issue in github.list_all("issues", state="open")
            if issue["title"] == arguments.title and "pull_request" not in issue and github.is_own(issue)
        ),
        None,
    )
    if arguments.nothing:
        if number:
            github.request("PATCH", f"issues/{number}", {"state": "closed", "state_reason": "completed"})
        return 0
    body = arguments.report.read_text() if arguments.report.is_file() else "The check failed: there is no report."
    if number:
        github.request("PATCH", f"issues/{number}", {"body": body})
    else:
        github.request("POST", "issues", {"title": arguments.title, "body": body})
    return 0
