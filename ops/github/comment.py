"""Show a report in its pull request: one comment a stack, edited in place, and the workflow's summary."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from ops.github.api import GitHub
from ops.stack.cli import StackError

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `comment` takes."""
    parser.add_argument("--about", required=True, help="what the report is about: a later one replaces it")
    parser.add_argument("--report", type=Path, required=True, help="Markdown file")
    parser.add_argument("--note", default="", help="a sentence before it")


def run(arguments: argparse.Namespace) -> int:
    """Write the summary, and the comment where this workflow may."""
    report = _text(arguments.report)
    note = f"> {arguments.note}\n\n" if arguments.note else ""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a") as file:
            file.write(f"{note}{report}\n")
    pull = _pull_request()
    if _is_foreign(pull):
        print("A pull request from a fork: its token may not write. The report is in the summary of the workflow.")
        return 0
    marker = f"<!-- mimir: {arguments.about} -->"
    _put(GitHub(), int(pull["number"]), marker, f"{marker}\n{note}{report}")
    return 0


def _text(report: Path) -> str:
    """The report; where there is none, what that means."""
    if report.is_file():
        return report.read_text()
    return f"No report: the step that makes {report.name} failed before it had one. Its log says why."


def _pull_request() -> dict[str, Any]:
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    event = json.loads(Path(path).read_text()) if path else {}
    if "pull_request" not in event:
        raise StackError("GITHUB_EVENT_PATH must name the event of a pull request, as in a workflow")
    return dict(event["pull_request"])


def _is_foreign(pull: dict[str, Any]) -> bool:
    """Whether it comes from another repository; one that was deleted since is another, too."""
    head = pull["head"].get("repo") or {}
    return bool(head.get("full_name") != pull["base"]["repo"]["full_name"])


def _put(github: GitHub, number: int, marker: str, body: str) -> None:
    for comment in github.every(f"issues/{number}/comments"):
        if comment["body"].startswith(marker) and github.is_own(comment):
            github.ask("PATCH", f"issues/comments/{comment['id']}", {"body": body})
            return
    github.ask("POST", f"issues/{number}/comments", {"body": body})
