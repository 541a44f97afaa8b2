"""Deployments as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ops.audit_log.deployment import Deployment

HEAD = ("started (UTC)", "result", "command", "digest", "changes", "time", "who", "record")
SHOWN_DIGITS = 12
"""Digits of a digest that are shown, as `docker` does; `--json` shows all."""

CHANGED = ("create", "update", "replace", "delete")


def render_table(deployments: Sequence[Deployment]) -> str:
    """The table, with the note of each deployment below its row."""
    if not deployments:
        return "No deployment is recorded.\n"
    rows = [HEAD, *(_row(deployment) for deployment in deployments)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = []
    for row, deployment in zip(rows, [None, *deployments], strict=True):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if deployment and deployment.note:
            lines.append(f"    {deployment.note}")
    return "\n".join(lines) + "\n"


def _row(deployment: Deployment) -> tuple[str, ...]:
    counts = {kind: number for kind, number in (deployment.changes or {}).items() if kind in CHANGED and number}
    changes = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    return (
        deployment.started[:19].replace("T", " "),
        deployment.result,
        deployment.command,
        _digests(deployment),
        changes or ("none" if deployment.changes is not None else "-"),
        "-" if deployment.seconds is None else f"{deployment.seconds:.0f} s",
        f"{deployment.who.name} ({deployment.who.run or f'{deployment.who.login}@{deployment.who.host}'})"
        if deployment.who
        else "?",
        deployment.id or "-",
    )


def _digests(deployment: Deployment) -> str:
    before, after = _short(deployment.before), _short(deployment.image)
    if deployment.command == "destroy" and deployment.result == "succeeded":
        return f"{before} → nothing" if before else "-"
    return after if not before or before == after else f"{before} → {after or '?'}"


def _short(image: str | None) -> str:
    return image.rpartition("sha256:")[2][:SHOWN_DIGITS] if image else ""
