"""The summary of a run: a Markdown table, and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ops.pipeline.run import Run


def write(run: Run, about: dict[str, Any]) -> dict[str, Any]:
    """Write `summary.json` and `summary.md`; the former's content.

    Args:
        run: that is over.
        about: what else is known of it: commit, stacks, when it began.
    """
    document = {
        **about,
        "passed": run.failed is None,
        "digest": run.values.get("digest"),
        "image": run.values.get("ref"),
        "steps": [
            {
                "step": done.step.name,
                "status": done.status,
                "seconds": round(done.seconds, 1),
                "exit_code": done.code,
                "command": " ".join(done.command),
                "note": done.note,
                "evidence": _files(run.evidence(number, done.step), run.folder),
            }
            for number, done in enumerate(run.done, 1)
        ],
    }
    (run.folder / "summary.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    (run.folder / "summary.md").write_text(table(run, about))
    return document


def table(run: Run, about: dict[str, Any]) -> str:
    """The steps and what became of them, in Markdown."""
    rows = [
        f"| {done.step.name} | {done.status} | {done.seconds:.1f} | {done.note or done.step.purpose} |"
        for done in run.done
    ]
    digest = run.values.get("digest", "none was built")
    head = [f"Commit {about['commit']}, digest {digest}", "", "| step | result | seconds | |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _files(folder: Path, below: Path) -> list[str]:
    return sorted(str(file.relative_to(below)) for file in folder.rglob("*") if file.is_file())
