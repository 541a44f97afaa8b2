"""Renders a report as Markdown. The impact comes first and the resources last: a long report is cut at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ops.exit_codes import ExitCode
from ops.report.change import Change
from ops.report.report import Report

LIMIT = 65_000
"""Maximum characters. A comment on GitHub holds 65,536."""

HEADLINES = {
    ExitCode.NO_CHANGE: "nothing to change",
    ExitCode.CHANGE: "",
    ExitCode.DESTRUCTIVE: "⛔ destroys what nobody has allowed to be destroyed",
    ExitCode.ERROR: "❌ would fail",
}
DATA_IS_GOING = "⛔ data is being deleted in the cluster"
UNKNOWN = "not known: the preview did not come to its end"
VERBS = {"create": "created", "update": "changed", "replace": "replaced", "delete": "deleted"}
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}


def write(report: Report, limit: int = LIMIT) -> str:
    """`report` as Markdown of at most `limit` characters; what does not fit is counted."""
    head = [f"<!-- mimir {report.kind} {report.stack} -->", f"### {_title(report)}", "", *_summary(report), ""]
    head += [
        *_deletions(report),
        *_errors(report),
        *_changed_by(report),
        *_destructive(report),
        *_violations(report),
        *_warnings(report),
    ]
    tail = ["", *_next(report), f"Repeat it: `{report.command}`", ""]
    return _within(limit, head, _resources(report), tail)


def _next(report: Report) -> list[str]:
    if report.kind == "drift" and report.changes and not report.deletions:
        return [f"Put it back as the program says: `make refresh STACK={report.stack}`", ""]
    return []


def _title(report: Report) -> str:
    what = "Drift of" if report.kind == "drift" else "Preview of"
    if report.deletions:
        return f"{what} `{report.stack}`: {DATA_IS_GOING}"
    if report.kind == "drift" and report.errors:
        return f"{what} `{report.stack}`: ❌ errors"
    if headline := HEADLINES[report.code]:
        return f"{what} `{report.stack}`: {headline}"
    count = f"{len(report.changes)} change{'s' if len(report.changes) > 1 else ''}"
    if report.kind == "drift":
        return f"{what} `{report.stack}`: {count} behind Pulumi's back"
    interrupted = "⚠️ an interruption" if report.meaning.interruptions else "no interruption"
    return f"{what} `{report.stack}`: {count}, {interrupted}"


def _summary(report: Report) -> list[str]:
    meaning = report.meaning
    rows: list[tuple[str, Sequence[str]]] = []
    if report.kind == "preview":
        none = "none: a new version serves before the old one ends" if meaning.restarts else "none"
        # A failed preview may have stopped before the changes that interrupt.
        complete = not report.errors
        rows = [
            ("Interruption", meaning.interruptions or (none if complete else UNKNOWN,)),
            ("Restarts", meaning.restarts or ("none" if complete else UNKNOWN,)),
            *([("Also", meaning.remarks)] if meaning.remarks else []),
            ("Volumes", meaning.volumes or ("untouched" if complete else UNKNOWN,)),
            ("Image", (report.image,)),
            ("Settings changed", _settings(report)),
            ("Policies", _policies(report)),
        ]
    counted = ", ".join(f"{count} {VERBS[kind]}" for kind, count in report.counts.items() if count)
    rows.append(("Resources", (f"{counted or 'no change'}, {report.unchanged} unchanged",)))
    return ["| | |", "|---|---|", *(f"| {name} | {'<br>'.join(map(_cell, lines))} |" for name, lines in rows)]


def _settings(report: Report) -> tuple[str, ...]:
    if report.settings is None:
        return ("nothing to compare with",)
    return (", ".join(f"`{path}`" for path in report.settings) or "none",)


def _policies(report: Report) -> tuple[str, ...]:
    if not report.packs:
        return ("not asked",)
    packs = ", ".join(f"{name} {version}".strip() for name, version in report.packs.items())
    stopping = sum(violation.mandatory for violation in report.violations)
    advice = len(report.violations) - stopping
    return (f"{stopping} violation{'' if stopping == 1 else 's'}, {advice} of advice ({packs})",)


def _deletions(report: Report) -> list[str]:
    return [line for deletion in report.deletions for line in ("**Data is being deleted**", *_block(deletion), "")]


def _changed_by(report: Report) -> list[str]:
    if not report.changed_by:
        return []
    return ["**Changed by**", "", *(f"- {_code(line)}" for line in report.changed_by), ""]


def _errors(report: Report) -> list[str]:
    return [line for error in report.errors for line in ("**Error**", *_block(error), "")]


def _destructive(report: Report) -> list[str]:
    destructive = report.meaning.destructive
    if not destructive or report.kind == "drift":
        return []
    lines = ["**Destructive**", ""]
    for change in destructive:
        state = "allowed" if change.name in report.allowed else "not allowed"
        protected = "; protected, so Pulumi refuses it until that is taken off" if change.protected else ""
        lines.append(f"- `{change.name}` ({_kind_of(change)}) would be {VERBS[change.kind]}: {state}{protected}")
    names = [change.name for change in report.not_allowed]
    if names:
        allow = " ".join(names)
        lines += ["", f"To allow it: `make preview STACK={report.stack} ALLOW='{allow}'`, or on a pull request "]
        lines[-1] += f"the label{'s' if len(names) > 1 else ''} {', '.join(f'`allow: {name}`' for name in names)}."
    return [*lines, ""]


def _violations(report: Report) -> list[str]:
    if not report.violations:
        return []
    lines = ["**Policy violations**", ""]
    for violation in sorted(report.violations, key=lambda violation: not violation.mandatory):
        about = f" on `{violation.resource}`" if violation.resource else ""
        lines.append(f"- {'**stops**' if violation.mandatory else 'advice'}: `{violation.policy}`{about}")
        lines += [f"  {line}" for line in _block(violation.message)]
    return [*lines, ""]


def _warnings(report: Report) -> list[str]:
    if not report.warnings:
        return []
    count = len(report.warnings)
    lines = [f"<details><summary>{count} warning{'' if count == 1 else 's'}</summary>", ""]
    return [*lines, *(line for warning in report.warnings for line in _block(warning)), "", "</details>", ""]


def _resources(report: Report) -> list[str]:
    """The rows of the table of resources; empty when nothing changes."""
    return [
        f"| {SIGNS[change.kind]} | `{_code(change.name)}` | {_kind_of(change)} | {_paths(change)} |"
        for change in sorted(report.changes, key=lambda change: (list(VERBS).index(change.kind), change.urn))
    ]


def _paths(change: Change) -> str:
    shown = ", ".join(f"`{_code(path)}`" for path in change.paths[:8])
    return shown + (f" and {len(change.paths) - 8} more" if len(change.paths) > 8 else "")


def _kind_of(change: Change) -> str:
    return change.type.rsplit(":", 1)[-1]


def _within(limit: int, head: list[str], rows: list[str], tail: list[str]) -> str:
    opening = ["<details><summary>Resources</summary>", "", "| | resource | type | differs |", "|---|---|---|---|"]
    closing = ["", "</details>"]
    left = limit - sum(len(line) + 1 for line in [*head, *opening, *closing, *tail]) - 100
    kept: list[str] = []
    for row in rows:
        if (left := left - len(row) - 1) < 0:
            break
        kept.append(row)
    if len(kept) < len(rows):
        closing = ["", f"{len(rows) - len(kept)} more: in the full report.", "", "</details>"]
    text = "\n".join([*head, *([*opening, *kept, *closing] if rows else []), *tail]).replace("\n\n\n", "\n\n")
    return text if len(text) <= limit else _cut(text, limit)


def _cut(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, with open code fences and `<details>` closed."""
    note = "\n\nCut here: the rest is in the full report.\n"
    kept = text[: limit - len(note) - 20].rsplit("\n", 1)[0]
    fences = re.findall(r"^\s*(`{3,})", kept, re.MULTILINE)
    closing = f"\n{fences[-1]}" if len(fences) % 2 else ""
    closing += "\n</details>" if kept.count("<details>") > kept.count("</details>") else ""
    return kept + closing + note


def _block(text: str) -> Iterable[str]:
    """Foreign text in a code fence that is longer than any fence in it."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`+", text))])
    return (fence, *text.splitlines(), fence)


def _code(text: str) -> str:
    """Text escaped for a code span in a table."""
    return text.replace("`", "'").replace("|", "\\|").replace("\n", " ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
