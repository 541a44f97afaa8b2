"""The engine's events, read from the CLI's output."""

from __future__ import annotations

import json

import pytest

from ops.display.events import Operation, Resource, Text, parse

PARENT = "urn:pulumi:dev::mimir::mimir:docker:Service$"


@pytest.mark.parametrize(
    ("urn", "shown", "is_stack"),
    [
        (f"{PARENT}docker:index/container:Container::mimir-dev", "docker:index:Container mimir-dev", False),
        ("urn:pulumi:dev::mimir::kubernetes:apps/v1:Deployment::a::b", "kubernetes:apps/v1:Deployment a::b", False),
        ("urn:pulumi:dev::mimir::docker-build:index:Image::mimir", "docker-build:index:Image mimir", False),
        ("urn:pulumi:dev::mimir::pulumi:pulumi:Stack::mimir-dev", "pulumi:pulumi:Stack mimir-dev", True),
        ("", " ", True),
    ],
    ids=["below a component", "a name with colons", "without a module", "the stack", "none"],
)
def test_a_resource_is_called_as_pulumi_does(urn: str, shown: str, is_stack: bool) -> None:
    assert str(Resource(urn)) == shown
    assert Resource(urn).is_stack == is_stack


@pytest.mark.parametrize("line", ["error: something", "", "42", "[1]", "{"])
def test_what_is_no_event_is_a_text(line: str) -> None:
    assert parse(line) == Text(line)


@pytest.mark.parametrize("name", ["preludeEvent", "cancelEvent", "policyLoadEvent", "ofALaterVersion"])
def test_other_events_are_left_out(name: str) -> None:
    assert parse(json.dumps({"sequence": 1, "timestamp": 1, name: {}})) is None


def test_an_operation_of_a_resource_that_goes() -> None:
    metadata = {"op": "delete", "urn": PARENT, "old": {"outputs": None, "retainOnDelete": True}, "new": None}
    line = json.dumps({"sequence": 1, "timestamp": 1, "resOutputsEvent": {"metadata": metadata, "planning": True}})
    expected = Operation("end", "delete", Resource(PARENT), is_planned=True, old={}, new=None, is_retained=True)
    assert parse(line) == expected
