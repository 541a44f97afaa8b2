"""The text of haproxy.cfg: a change of the templates shows as a change of these files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from components.application import application
from components.edge import edge_spec
from components.edge.haproxy import configuration
from components.edge.haproxy.backend import Backend
from tests.support.configuration import settings
from tests.support.edge_configurations import EVERYTHING

GOLDEN = Path(__file__).parent / "golden"
"""To write them again: `python -m tests.unit.components.edge.haproxy.test_configuration`, then read `git diff`."""

CASES: dict[str, tuple[dict[str, Any], Backend]] = {
    "docker.cfg": ({}, Backend("mimir-dev", 8080, standby="application")),
    "kubernetes.cfg": ({}, Backend("mimir.mimir.svc.cluster.local", 8080, max_replicas=5, cookie_key="key")),
    "everything.cfg": (EVERYTHING, Backend("mimir-dev", 8080, standby="application")),
}


def render(name: str) -> str:
    """The configuration of a case."""
    config, backend = CASES[name]
    values = settings(config)
    edge = edge_spec.describe(values, application.describe(values, "dev"))
    return configuration.render(edge, backend, "digest")


@pytest.mark.parametrize("name", CASES)
def test_the_rendered_configuration_is_the_committed_one(name: str) -> None:
    assert render(name) == (GOLDEN / name).read_text()


@pytest.mark.parametrize("name", CASES)
def test_no_template_syntax_and_no_blank_line_inside_a_section_is_left(name: str) -> None:
    text = render(name)
    assert "{%" not in text and "{#" not in text and "{{" not in text
    assert "\n\n\n" not in text and text.endswith("\n") and not text.endswith("\n\n")
    for section in text.split("\n\n"):
        head, *lines = [line for line in section.splitlines() if not line.startswith("#")]
        assert not head.startswith(" ") and all(line.startswith("  ") for line in lines), section


def test_a_variable_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        configuration._environment().from_string("{{ missing }}").render()


if __name__ == "__main__":
    for case in CASES:
        (GOLDEN / case).write_text(render(case))
