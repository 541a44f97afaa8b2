"""Keep one issue about a report: opened or updated while there is something to say, closed when there is not."""

from __future__ import annotations

import argparse
from pathlib import Path

from ops.github.api import GitHub

NEEDS_STACK = False


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `issue` takes."""
    parser.add_argument("--title", required=True, help="of the issue; the same one is found by it")
    parser.add_argument("--report", type=Path, required=True, help="Markdown file, its text")
    parser.add_argument("--nothing", action="store_true", help="there is nothing to say: close it, if it is open")


def run(arguments: argparse.Namespace) -> int:
    """Open, update or close."""
    github = GitHub()
    found = next(
        (
            one["number"]
            for one in github.every("issues", state="open")
            if one["title"] == arguments.title and "pull_request" not in one and github.is_own(one)
        ),
        None,
    )
    if arguments.nothing:
        if found:
            github.ask("PATCH", f"issues/{found}", {"state": "closed", "state_reason": "completed"})
        return 0
    body = arguments.report.read_text() if arguments.report.is_file() else "The look itself failed; its log says why."
    if found:
        github.ask("PATCH", f"issues/{found}", {"body": body})
    else:
        github.ask("POST", "issues", {"title": arguments.title, "body": body})
    return 0
