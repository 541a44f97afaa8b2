"""Writes report files and returns the exit code of the command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.automation import Stack

    from ops.report.report import Report

FOLDER = Path(".build/report")


def add(parser: argparse.ArgumentParser) -> None:
    """What a command that writes a report takes."""
    parser.add_argument("--json", action="store_true", help="print the report as JSON, not as Markdown")
    parser.add_argument(
        "--detailed-exitcode",
        action="store_true",
        help="exit with 2 if there are changes (0: none, 1: error, 3: a destructive change that is not allowed)",
    )


def say(text: str) -> None:
    """Print progress to stderr; stdout holds only the report."""
    print(text, file=sys.stderr, flush=True)


def write(stack: Stack, report: Report, text: str, arguments: argparse.Namespace) -> int:
    """Write `report` in every form, print one of them, and return the exit code.

    The files are `<stack>.md` (which fits into a comment), `<stack>.full.md`, `<stack>.json` and `<stack>.txt` (`text`,
    the CLI's own output); those of a drift check start with `drift-`. Secrets are masked in all of them.
    """
    from ops import exit_codes
    from ops.report import as_json, markdown
    from ops.report.redaction import redaction

    clean = redaction.collect_secrets(stack)
    forms = {
        "md": clean(markdown.write(report)),
        "full.md": clean(markdown.write(report, limit=sys.maxsize)),
        "json": clean(as_json.write(report)),
        "txt": clean(text),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    base = ("drift-" if report.kind == "drift" else "") + report.stack
    for suffix, content in forms.items():
        (FOLDER / f"{base}.{suffix}").write_text(content)
    print(forms["json" if arguments.json else "md"], end="")
    say(f"Written to {FOLDER}/{base}.md, with more in .full.md, .json and .txt")
    return exit_codes.process_exit_code(report.code, detailed=arguments.detailed_exitcode)
