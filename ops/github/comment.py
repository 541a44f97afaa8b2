"""Publish a report in its pull request, as a comment that is edited in place, and in the workflow's summary."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from ops.github.api import GitHub
from ops.stack.stack_error import StackError

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `comment`."""
    parser.add_argument("--about", required=True, help="subject of the report: a later one with the same replaces it")
    parser.add_argument("--report", type=Path, required=True, metavar="FILE", help="the report, in Markdown")
    parser.add_argument("--note", default="", metavar="TEXT", help="sentence to put before the report")


def run(arguments: argparse.Namespace) -> int:
    """Write the summary, and the comment if the workflow's token allows it."""
    report = _read_report(arguments.report)
    note = f"> {arguments.note}\n\n" if arguments.note else ""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a") as file:
            file.write(f"{note}{report}\n")
    pull_request = _read_pull_request()
    if _is_from_fork(pull_request):
        print("The pull request is from a fork: its token cannot write. The report is in the workflow's summary.")
        return 0
    marker = f"<!-- mimir: {arguments.about} -->"
    _put_comment(GitHub(), int(pull_request["number"]), marker, f"{marker}\n{note}{report}")
    return 0


def _read_report(report: Path) -> str:
    """The text of the report; if the file is missing, what that means."""
    if report.is_file():
        return report.read_text()
    return f"No report: the step that writes {report.name} failed. See its log."


def _read_pull_request() -> dict[str, Any]:
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    event = json.loads(Path(path).read_text()) if path else {}
    if "pull_request" not in event:
        raise StackError("GITHUB_EVENT_PATH must name the file with a pull request's event, as in a workflow")
    return dict(event["pull_request"])


def _is_from_fork(pull_request: dict[str, Any]) -> bool:
    """Whether the pull request comes from another repository, which may have been deleted since."""
    head = pull_request["head"].get("repo") or {}
    return bool(head.get("full_name") != pull_request["base"]["repo"]["full_name"])


def _put_comment(github: GitHub, number: int, marker: str, body: str) -> None:
    for comment in github.list_all(f"issues/{number}/comments"):
        if comment["body"].startswith(marker) and github.is_own(comment):
            github.request("PATCH", f"issues/comments/{comment['id']}", {"body": body})
            return
    github.request("POST", f"issues/{number}/comments", {"body": body})
