"""What the project makes itself passes every rule, in every stack, and no exception is left over."""

from __future__ import annotations

import json
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from mimir_policy import exceptions
from mimir_policy.exceptions import PolicyException
from mimir_policy.rules import RULES
from tests.support import program
from tests.support.policy import recorded


@pytest.mark.parametrize("stack", recorded.STACKS)
def test_no_rule_has_anything_against_it(stack: str) -> None:
    assert recorded.violations(*recorded.of(stack), settings=recorded.SETTINGS.get(stack)) == []


def test_development_mode_is_told_what_it_does_otherwise() -> None:
    """The source is mounted from this machine, the image is for this processor, and caches may be lost."""
    live = program.run({**program.completed("dev"), "liveReload": "true"}, "dev", overrides=program.HERE)
    found = recorded.tripped(*map(recorded.resource, live.resources))
    assert found == {"host", "image-platforms", "volume-protected"}


@pytest.mark.parametrize(
    ("exception", "rule"),
    [
        pytest.param(exception, rule, id=f"{rule} of {exception.name}")
        for exception in exceptions.load()
        for rule in exception.rules
    ],
)
def test_every_exception_is_needed(exception: PolicyException, rule: str) -> None:
    [judging] = [one for one in RULES if one.name == rule]
    everything = [one for stack in recorded.STACKS for one in recorded.of(stack)]
    named = [one for one in everything if one.type == exception.type and fnmatchcase(one.name, exception.name)]
    assert judging.of_resource
    found = [(one, violation) for one in named for violation in judging.of_resource(one, judging.configured({}))]
    assert any(exception.covers(judging, *one) for one in found), "stale: remove it"


def test_an_exception_without_a_reason_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(exceptions, "FILE", tmp_path / "exceptions.yaml")
    exceptions.FILE.write_text("- {rules: [tls], type: x, name: y, reason: later}\n")
    with pytest.raises(ValueError, match=r"exceptions\.yaml: y: it has no reason"):
        exceptions.load.__wrapped__()


CARRIERS_THAT_ARE_NONE: tuple[dict[str, Any], ...] = (
    {"privileged": True, "restart": "always"},
    {"restart": "always"},
    {"restart": "unless-stopped"},
    {"privileged": True},
    {"privileged": False},
    {"user": "0:0"},
    {"entrypoints": ["/bin/sh"]},
    {"command": ["id"]},
    {"capabilities": {"adds": ["ALL"]}},
    {"mustRun": True},
    {"networkMode": "bridge"},
    {"healthcheck": {"tests": ["CMD", "id"]}},
    {"aFieldOfTomorrow": True},
)
"""Changes after which a carrier is not what the exception is for."""


def test_what_the_provider_fills_in_leaves_a_carrier_a_carrier() -> None:
    [carrier] = [one for one in recorded.of("dev") if one.name == "mimir-edge-carrier"]
    defaults = {"attach": False, "logs": False, "readOnly": False, "removeVolumes": True, "restart": "no", "rm": False}
    defaults |= {"stdinOpen": False, "tty": False, "wait": False, "waitTimeout": 60.0, "__defaults": []}
    assert recorded.tripped(replace(carrier, properties={**defaults, **carrier.properties})) == set()


def test_an_exception_holds_only_for_what_it_describes() -> None:
    """A carrier that runs, another image in the edge's place, another volume: none of them is excused."""
    [carrier] = [one for one in recorded.of("dev") if one.name == "mimir-edge-carrier"]
    started = replace(carrier, properties={**carrier.properties, "start": True})
    assert {"non-root", "read-only-root", "capabilities", "privileges", "limits"} <= recorded.tripped(started)
    for more in CARRIERS_THAT_ARE_NONE:
        tripped = recorded.tripped(replace(carrier, properties={**carrier.properties, **more}))
        assert {"non-root", "read-only-root", "capabilities", "privileges", "limits"} <= tripped, more
    volume = replace(carrier, type="docker:index/volume:Volume", name="mimir-edge-files-2")
    assert "volume-protected" in recorded.tripped(volume)
    [edge] = [one for one in recorded.of("prod") if one.kind == "Deployment" and one.name == "mimir-edge"]
    other = json.loads(json.dumps(edge.properties).replace("haproxy:3.2.7-alpine", "haproxy:latest-alpine"))
    assert recorded.tripped(replace(edge, properties=other)) >= {"image-digest"}
