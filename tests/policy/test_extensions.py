"""The platform team allows more than the pack knows, in a file that is no stack's, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mimir_policy import allowed
from mimir_policy.resource import Resource
from tests.support.policy import foreign, recorded
from tests.support.policy.changes import changed

REASON = "The platform's Prometheus scrapes the service."
MONITOR = Resource(
    "kubernetes:monitoring.coreos.com/v1:ServiceMonitor",
    "mimir-monitor",
    {
        "metadata": {"labels": foreign.LABELS},
        "spec": {"selector": {"matchLabels": {"app": "x"}}, "endpoints": [{"port": "metrics", "path": "/metrics"}]},
    },
)

READ = allowed.extensions.__wrapped__
"""It keeps nothing of what it has read."""

Extend = Callable[..., None]


@pytest.fixture
def extend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Extend:
    """Writes the file of the platform team."""

    def write(*entries: dict[str, Any]) -> None:
        file = tmp_path / "extensions.yaml"
        file.write_text(yaml.safe_dump([{"type": MONITOR.type, "reason": REASON, **entry} for entry in entries]))
        monkeypatch.setattr(allowed, "EXTENSIONS", file)
        monkeypatch.setattr(allowed, "extensions", READ)

    return write


def test_nothing_is_allowed_beyond_the_pack_as_it_is_delivered() -> None:
    assert allowed.extensions() == ()
    assert allowed.EXTENSIONS.parent == allowed.FOLDER.parents[1], "outside of what the pack's own maintainers edit"
    assert recorded.tripped(MONITOR) == {"known-kind"}


def test_a_kind_with_every_field(extend: Extend) -> None:
    extend({})
    assert recorded.tripped(MONITOR) == set()
    assert recorded.tripped(foreign.in_cluster("PodMonitor", "x", "monitoring.coreos.com/v1")) == {"known-kind"}


def test_a_kind_under_some_names_only(extend: Extend) -> None:
    extend({"name": "other-*"})
    assert recorded.tripped(MONITOR) == {"known-kind"}
    extend({"name": "mimir-*"})
    assert recorded.tripped(MONITOR) == set()


def test_a_kind_with_some_fields_only(extend: Extend) -> None:
    extend({"fields": ["metadata.**", "spec.selector.**", "spec.endpoints.port"]})
    [(rule, text)] = recorded.violations(MONITOR)
    assert rule == "known-field" and "spec.endpoints[0].path is '/metrics'" in text
    extend({"fields": ["metadata.**", "spec.selector.**", "spec.endpoints.*"]})
    assert recorded.tripped(MONITOR) == set()
    deeper = changed(MONITOR, {"spec/endpoints": [{"port": {"number": "x"}}]})
    assert recorded.tripped(deeper) == {"known-field"}, "`*` is one level"


def test_a_field_of_a_known_kind(extend: Extend) -> None:
    more = changed(foreign.CONTAINER, {"ulimits": [{"name": "nofile", "hard": 1024.0, "soft": 1024.0}]})
    assert recorded.tripped(more) == {"known-field"}
    extend({"type": foreign.CONTAINER.type, "fields": ["ulimits.**"]})
    assert recorded.tripped(more) == set()
    assert recorded.tripped(changed(more, {"user": "root", "gpus": "all"})) == {"known-field", "non-root"}


def test_another_value_of_a_known_field(extend: Extend) -> None:
    more = changed(foreign.CONTAINER, {"runtime": "runsc"})
    assert recorded.tripped(more) == {"known-field"}
    extend({"type": foreign.CONTAINER.type, "fields": ["runtime"]})
    assert recorded.tripped(more) == set()


def test_what_is_allowed_is_still_no_place_for_a_secret(extend: Extend) -> None:
    extend({})
    assert recorded.tripped(changed(MONITOR, {"spec/bearerToken": "hunter2hunter2"})) == {"secrets"}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"reason": "later"}, "it has no reason"),
        ({"reason": None}, "it has no reason"),
        ({"type": "*"}, "allowed: a type of resources"),
        ({"type": "*:*"}, "allowed: a type of resources"),
        ({"type": None}, "allowed: a type of resources"),
        ({"rules": ["host"]}, "unknown key rules"),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(extend: Extend, entry: dict[str, Any], problem: str) -> None:
    extend(entry)
    with pytest.raises(ValueError, match=problem):
        recorded.violations(MONITOR)
