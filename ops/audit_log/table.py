"""Deployments as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ops.audit_log.deployment import Deployment

HEAD = ("started (UTC)", "result", "command", "digest", "changes", "time", "who", "record")
SHOWN_DIGITS = 12
"""Of a digest, as engines show them; `--json` has all of it."""

CHANGED = ("create", "update", "replace", "delete")


def render_table(deployments: Sequence[Deployment]) -> str:
    """The table, with what else is to be said of each below it."""
    if not deployments:
        return "No deployment is recorded.\n"
    rows = [HEAD, *(_row(one) for one in deployments)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = []
    for row, one in zip(rows, [None, *deployments], strict=True):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if one and one.note:
            lines.append(f"    {one.note}")
    return "\n".join(lines) + "\n"


def _row(one: Deployment) -> tuple[str, ...]:
    counts = {kind: number for kind, number in (one.changes or {}).items() if kind in CHANGED and number}
    changes = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    return (
        one.started[:19].replace("T", " "),
        one.result,
        one.command,
        _digests(one),
        changes or ("none" if one.changes is not None else "-"),
        "-" if one.seconds is None else f"{one.seconds:.0f} s",
        f"{one.who.name} ({one.who.run or f'{one.who.login}@{one.who.host}'})" if one.who else "?",
        one.id or "-",
    )


def _digests(one: Deployment) -> str:
    before, after = _short(one.before), _short(one.image)
    if one.command == "destroy" and one.result == "succeeded":
        return f"{before} → nothing" if before else "-"
    return after if not before or before == after else f"{before} → {after or '?'}"


def _short(image: str | None) -> str:
    return image.rpartition("sha256:")[2][:SHOWN_DIGITS] if image else ""
