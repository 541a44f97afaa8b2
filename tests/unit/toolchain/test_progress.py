"""What a waiting user is told."""

from __future__ import annotations

import io

import pytest

from toolchain.progress import Progress


def test_a_long_step_leaves_how_long_it_took_and_a_quick_one_nothing() -> None:
    stream = io.StringIO()
    progress = Progress(stream, long=0.0)
    progress.number, progress.total = 2, 3
    with progress.step("building buildkitd"):
        pass
    with Progress(stream).step("asking a site"):
        pass
    assert stream.getvalue() == "[2/3] building buildkitd: 0 s\n"


def test_a_step_within_a_step_is_said_by_itself() -> None:
    stream = io.StringIO()
    progress = Progress(stream, long=0.0)
    with progress.step("starting the test cluster"), progress.step("waiting for the node"):
        pass
    assert stream.getvalue() == "waiting for the node: 0 s\nstarting the test cluster: 0 s\n"


def test_a_step_that_fails_is_not_said_to_be_done() -> None:
    stream = io.StringIO()
    with pytest.raises(OSError), Progress(stream, long=0.0).step("building buildkitd"):
        raise OSError
    assert stream.getvalue() == ""
