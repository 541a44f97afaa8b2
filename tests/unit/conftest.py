"""The committed stacks, each run once for all tests that only look."""

from __future__ import annotations

import pytest

from tests.unit import program
from tests.unit.program import Run


@pytest.fixture(scope="session")
def dev() -> Run:
    """The committed stack `dev`."""
    return program.run(program.stack_config("dev"))


@pytest.fixture(scope="session")
def prod() -> Run:
    """The committed stack `prod`."""
    return program.production()


@pytest.fixture(params=["dev", "prod"])
def committed(request: pytest.FixtureRequest) -> Run:
    """Every committed stack in turn."""
    run: Run = request.getfixturevalue(request.param)
    return run
