"""A line for each operation that has ended."""

from __future__ import annotations

from typing import Any

import pytest

from ops.display.events import Operation, Phase, Resource
from ops.display.operations import Operations

CONTAINER = Resource("urn:pulumi:dev::mimir::docker:index/container:Container::mimir")
OTHER = Resource("urn:pulumi:dev::mimir::docker:index/container:Container::mimir-edge")


def line(op: str, phase: Phase = "end", seconds: float = 0, **more: Any) -> str | None:
    """What is said of an operation that took so long."""
    operations = Operations()
    assert operations.line(Operation("begin", op, CONTAINER), 100) is None
    return operations.line(Operation(phase, op, CONTAINER, **more), 100 + seconds)


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("create", " +  docker:index:Container mimir created"),
        ("update", " ~  docker:index:Container mimir updated"),
        ("delete", " -  docker:index:Container mimir deleted"),
        ("create-replacement", " ++ docker:index:Container mimir created replacement"),
        ("delete-replaced", " -- docker:index:Container mimir deleted original"),
        ("import", " =  docker:index:Container mimir imported"),
        ("of-a-later-version", "    docker:index:Container mimir of-a-later-version"),
        ("same", None),
        ("replace", None),
        ("read", None),
    ],
)
def test_what_was_done(op: str, expected: str | None) -> None:
    assert line(op) == expected
    assert line(op, is_planned=True) is None


@pytest.mark.parametrize(
    ("seconds", "suffix"),
    [(0.9, "d"), (1.0, "d"), (1.26, "d (1.3s)"), (59.94, "d (59.9s)"), (65.2, "d (1m05s)"), (3599.9, "d (60m00s)")],
)
def test_how_long_it_took_if_that_is_notable(seconds: float, suffix: str) -> None:
    assert line("create", seconds=seconds) == f" +  docker:index:Container mimir create{suffix}"


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("create", " +  docker:index:Container mimir creating failed (2.0s)"),
        ("same", "    docker:index:Container mimir same failed (2.0s)"),
        ("read", " >  docker:index:Container mimir reading failed (2.0s)"),
    ],
)
def test_what_failed(op: str, expected: str) -> None:
    assert line(op, "failure", 2) == expected


def test_operations_side_by_side_have_their_own_time() -> None:
    operations = Operations()
    operations.line(Operation("begin", "create", CONTAINER), 1)
    operations.line(Operation("begin", "create", OTHER), 4)
    assert (
        operations.line(Operation("end", "create", OTHER), 9) == " +  docker:index:Container mimir-edge created (5.0s)"
    )
    assert (
        operations.line(Operation("end", "create", CONTAINER), 9) == " +  docker:index:Container mimir created (8.0s)"
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"image": "a"}, {"image": "a"}, None),
        ({"image": "a"}, {"image": "b"}, " ~  docker:index:Container mimir was changed outside of Pulumi"),
        ({"image": "a"}, None, " ~  docker:index:Container mimir is gone"),
    ],
)
def test_a_refresh_tells_of_differences_only(
    old: dict[str, str], new: dict[str, str] | None, expected: str | None
) -> None:
    assert line("refresh", old=old, new=new) == expected
