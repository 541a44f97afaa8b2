"""What is judged, rendered once, and what each tool says of it, asked once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.audit import manifests, stacks, subjects
from tests.audit.finding import Finding
from tests.audit.judges import JUDGES, Judge
from tests.audit.manifests import Manifest
from tests.audit.subjects import Subjects

Findings = Callable[[Judge], list[Finding]]


@pytest.fixture(scope="session")
def prod() -> list[Manifest]:
    """The committed stack `prod`."""
    return manifests.of_run(stacks.prod())


@pytest.fixture(scope="session")
def project(prod: list[Manifest], tmp_path_factory: pytest.TempPathFactory) -> Subjects:
    """Stack prod, a stack with every optional part, one with an Ingress, and the Dockerfiles."""
    others = [*manifests.of_run(stacks.everything()), *manifests.of_run(stacks.ingress())]
    return subjects.of_project([*prod, *others], tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def findings(project: Subjects) -> Findings:
    """What a judge has against the project."""

    @cache
    def found(judge: Judge) -> list[Finding]:
        return judge.findings(project)

    return found


@pytest.fixture(params=JUDGES, ids=[judge.name for judge in JUDGES])
def judge(request: pytest.FixtureRequest) -> Judge:
    """Each tool in turn."""
    chosen: Judge = request.param
    return chosen
