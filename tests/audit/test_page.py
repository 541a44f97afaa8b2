"""docs/audit.md names what really judges."""

from __future__ import annotations

import re

from tests.audit.destinations import OTHERS, PORTS
from tests.support.project import PROJECT
from toolchain import versions
from toolchain.tools import JUDGES

PAGE = (PROJECT / "docs/audit.md").read_text()


def test_the_page_has_every_tool_with_its_version() -> None:
    assert set(re.findall(r"^\| (\S+) \| (\d\S+) \|", PAGE, re.MULTILINE)) == {
        (tool.name, tool.version) for tool in JUDGES
    }


def test_the_page_names_the_kubernetes_whose_schemas_are_used() -> None:
    assert f"Kubernetes {versions.KUBERNETES}'s" in PAGE


def test_the_page_counts_right() -> None:
    dns_edge_monitoring_databases_and_two_neighbours = 6
    assert len(OTHERS) + dns_edge_monitoring_databases_and_two_neighbours == 15
    assert len(PORTS) == 10
