"""Writes the evidence of a step: files in one folder."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def add(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add the option for the evidence folder."""
    parser.add_argument(
        "--evidence",
        type=Path,
        required=required,
        metavar="DIR",
        help="folder to write the results to; created if missing",
    )


def write(folder: Path | None, name: str, content: Any) -> None:
    """Write `content` as JSON into `folder`, if there is one."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(content, indent=2, default=str, ensure_ascii=False) + "\n")


def now() -> str:
    """The current time in RFC 3339 format, in seconds."""
    return datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
