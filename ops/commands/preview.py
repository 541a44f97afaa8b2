"""Preview what `up` would change, as a report; builds the image, pushes nothing."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from typing import Any

from components.constants import OVERRIDES
from ops.report import report_files
from ops.stack import stack_settings
from ops.stack.stack_error import StackError
from ops.update import policy_packs, source_argument

LABELS = "MIMIR_ALLOW_LABELS"
"""Environment variable with a pull request's labels, as a JSON list. Labels that start with `LABEL` allow a change."""

LABEL = "allow: "


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `preview`."""
    source_argument.add(parser)
    report_files.add(parser)
    parser.add_argument(
        "--allow", nargs="*", default=[], metavar="RESOURCE", help="resources whose destruction is intended"
    )


def run(arguments: argparse.Namespace) -> int:
    """Preview the stack, and write the report."""
    from ops.report import assemble, preview_events  # the Automation API takes half a second to load

    allowed = frozenset(arguments.allow) | allowed_by_labels(os.environ.get(LABELS, ""))
    overrides = source_argument.overrides(arguments.source, arguments.live, arguments.digest)
    stack = preview_events.workspace(arguments.stack, {OVERRIDES: json.dumps(overrides)} if overrides else {})
    if notice := policy_packs.notice(arguments.stack):
        report_files.say(notice)
    report_files.say(f"Previewing stack {arguments.stack}: builds the image, pushes nothing …")
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
    """The digest of the previewed image: built again, which is fast with the builder's cache; None if that fails."""
    from components.image import build_context, buildx

    try:
        settings = stack_settings.load_settings(stack, overrides)
        return buildx.digest_of(settings, build_context.stage(settings))
    except (buildx.BuildError, StackError):
        return None  # the preview itself succeeded; an update reports the error


def allowed_by_labels(labels: str) -> frozenset[str]:
    """The resources whose destruction a pull request's labels allow.

    Args:
        labels: JSON list of strings; may be empty.

    Raises:
        StackError: `labels` is not a JSON list of strings.
    """
    try:
        names = json.loads(labels or "[]")
    except json.JSONDecodeError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise StackError(f'{LABELS}: must be a JSON list of labels, such as ["allow: mimir-volumes-data"]')
    return frozenset(name.removeprefix(LABEL).strip() for name in names if name.startswith(LABEL))
