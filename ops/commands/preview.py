"""What `up` would change, as a report for a reviewer; builds, and pushes nothing."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from typing import Any

from components.constants import OVERRIDES
from ops.report import report_files
from ops.stack import stack_settings
from ops.stack.cli import StackError
from ops.update import policy_packs, source_argument

LABELS = "MIMIR_ALLOW_LABELS"
"""Environment variable with a pull request's labels, as a JSON list; those that start with `LABEL` allow something."""

LABEL = "allow: "


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `preview` takes."""
    source_argument.add(parser)
    report_files.add(parser)
    parser.add_argument(
        "--allow", nargs="*", default=[], metavar="RESOURCE", help="destructive changes that are meant, by resource"
    )


def run(arguments: argparse.Namespace) -> int:
    """Preview the stack and write the report."""
    from ops.report import assemble, preview_events  # the Automation API takes half a second to load

    allowed = frozenset(arguments.allow) | allowed_by_labels(os.environ.get(LABELS, ""))
    overrides = source_argument.overrides(arguments.source, arguments.live, arguments.digest)
    stack = preview_events.workspace(arguments.stack, {OVERRIDES: json.dumps(overrides)} if overrides else {})
    if notice := policy_packs.notice(arguments.stack):
        report_files.say(notice)
    report_files.say(f"Previewing stack {arguments.stack}: building, pushing nothing …")
    source = f" SOURCE={arguments.source}" if arguments.source else ""
    report, text = assemble.preview(
        stack,
        packs=[policy_packs.pack()],
        pack_configs=[policy_packs.config(arguments.stack)],
        allowed=allowed,
        built=lambda: _digest(arguments.stack, overrides),
        command=f"make preview STACK={arguments.stack}{source}",
    )
    return report_files.write(stack, report, text, arguments)


def _digest(stack: str, overrides: Mapping[str, Any]) -> str | None:
    """The digest of what the preview has built: built once more, which the builder's cache makes quick."""
    from components.image import build_context, buildx

    try:
        settings = stack_settings.load_settings(stack, overrides)
        return buildx.digest_of(settings, build_context.stage(settings))
    except (buildx.BuildError, StackError):
        return None  # the preview itself has succeeded; an update will tell


def allowed_by_labels(labels: str) -> frozenset[str]:
    """The resources that a pull request's labels, a JSON list, allow to be destroyed.

    Raises:
        StackError: when it is no list of texts.
    """
    try:
        found = json.loads(labels or "[]")
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise StackError(f'{LABELS}: a JSON list of labels is wanted, such as ["allow: mimir-volumes-data"]')
    return frozenset(one.removeprefix(LABEL).strip() for one in found if one.startswith(LABEL))
