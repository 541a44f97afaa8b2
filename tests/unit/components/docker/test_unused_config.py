"""Configurations that nothing runs with go, at the end of an update and of a stack; the one in use never does."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
import requests
from docker.errors import APIError, DockerException, NotFound

from components.docker import unused_config
from tests.support.fake_engine import MIMIR, SETTINGS, Use

CURRENT, BEFORE = (f"mimir-dev-config-{digit * 16}" for digit in "ab")


class Item:
    """A volume, or a container that carried a file into one."""

    def __init__(self, name: str, refusal: APIError | None = None) -> None:
        self.name, self.refusal = name, refusal
        self.removed = False

    def remove(self) -> None:
        if self.refusal:
            raise self.refusal
        self.removed = True


class Docker:
    """An engine with these volumes of the deployment, and these carriers."""

    def __init__(self, *volumes: Item, carriers: tuple[Item, ...] = ()) -> None:
        self.volumes = self.containers = self
        self.items, self.carriers = volumes, carriers

    def list(self, filters: dict[str, str]) -> tuple[Item, ...]:
        assert filters == {"label": "io.mimir.deployment=mimir-dev"}, "and no other deployment's"
        return self.items

    def get(self, name: str) -> Item:
        for carrier in self.carriers:
            if carrier.name == name:
                return carrier
        raise NotFound("No such container")


def test_what_was_before_goes_with_its_carrier(use: Use) -> None:
    before, carrier = Item(BEFORE), Item(BEFORE)
    use(Docker(before, Item(CURRENT), carriers=(carrier,)))
    assert unused_config.clean_up(SETTINGS, MIMIR, "id", CURRENT) == "id"
    assert before.removed and carrier.removed


def test_what_is_in_use_and_what_holds_data_stays(use: Use) -> None:
    kept = [Item(name) for name in (CURRENT, "mimir-dev-data", "mimir-dev-edge-files")]
    carrier = Item(CURRENT)
    use(Docker(*kept, carriers=(carrier,)))
    unused_config.clean_up(SETTINGS, MIMIR, "id", CURRENT)
    assert not any(item.removed for item in (*kept, carrier))


@pytest.mark.parametrize("held", ["volume", "carrier"])
def test_what_somebody_else_uses_stays_without_a_word(use: Use, held: str) -> None:
    refusal = APIError("409 Conflict", explanation="volume is in use")
    before = Item(BEFORE, refusal if held == "volume" else None)
    other = Item(f"{BEFORE}2")
    use(Docker(before, other, carriers=(Item(BEFORE, refusal if held == "carrier" else None),)))
    unused_config.clean_up(SETTINGS, MIMIR, "id", CURRENT)
    assert other.removed, "and it is no reason to leave the rest"


@pytest.mark.parametrize("error", [DockerException("no engine"), requests.ConnectionError("no engine")])
def test_an_update_that_succeeded_does_not_fail_for_it(
    use: Use, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)

    def away(**_: Any) -> None:
        raise error

    use(Docker()).list = away
    assert unused_config.clean_up(SETTINGS, MIMIR, "id", CURRENT) == "id"
    assert "no engine" in warnings[0]


def test_a_stack_that_is_gone_has_none() -> None:
    all_of_them = [Item(CURRENT), Item(BEFORE)]
    unused_config.remove_unused(Docker(*all_of_them), "mimir-dev")  # type: ignore[arg-type]
    assert all(item.removed for item in all_of_them)
