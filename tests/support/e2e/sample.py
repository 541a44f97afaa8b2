"""The sample's source, edited as a developer does."""

from __future__ import annotations

from pathlib import Path


def new_answer(folder: Path, answer: str) -> None:
    """Change what `GET /api/v1/answer` gives.

    Args:
        folder: of the project that the sample is in.
        answer: the new text.
    """
    file = folder / "sample/answer.go"
    before = file.read_text()
    start = before.index('"', before.index("const"))
    end = before.index('"', start + 1)
    file.write_text(before[: start + 1] + answer + before[end:])
