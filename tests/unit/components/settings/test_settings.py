"""Every setting: what it accepts, what it refuses, and whether the fix that the error names really is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.settings import errors
from components.settings.schema import about, is_secret
from tests.support import edge_tables
from tests.support.configuration import after, at, load, merged, problem, settings
from tests.support.settings_tables import BAD, GOOD, every_setting, needs

SECRETS = {".".join(path) for path in errors.secret_settings()}


def cases(table: dict[str, list[Any]], without: set[str] = frozenset()) -> list[Any]:  # type: ignore[assignment]
    """One test for each value in a table. Its name ends before the first letter of a certificate that is made anew in
    each process: workers must agree about the names.
    """
    return [
        pytest.param(key, value, id=f"{key}={json.dumps(value)[:28]}")
        for key, values in table.items()
        if key not in without
        for value in values
    ]


def test_no_setting_is_left_out_here() -> None:
    assert set(GOOD) == set(every_setting())
    assert set(BAD) == set(every_setting())


def test_every_secret_is_guarded_however_deep_it_is() -> None:
    """What is not in SECRETS may stand in a stack file in plain text, and is repeated in errors."""
    assert {key for key, field in every_setting().items() if is_secret(field)} == SECRETS


@pytest.mark.parametrize(("key", "value"), cases(GOOD))
def test_good_values_are_accepted(key: str, value: Any) -> None:
    assert settings(merged(needs(key, value), at(key, value)))


@pytest.mark.parametrize(("key", "value"), cases(BAD))
def test_bad_values_are_refused_by_their_key(key: str, value: Any) -> None:
    config = merged(needs(key, value), at(key, value))
    found = problem(config)
    assert found.key == f"mimir:{key}"
    assert found.allowed == about(every_setting()[key], "allowed")
    if key in SECRETS:
        assert found.found.startswith("a ")
        assert str(value) not in str(found)
    else:
        assert any(one in found.found for one in _shown(value))


@pytest.mark.parametrize(("key", "value"), cases(BAD, without=SECRETS))
def test_the_fix_fixes_it(key: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in edge_tables.FILES.items():
        (tmp_path / name).write_text(text)
    config = merged(needs(key, value), at(key, value))
    assert load(after(problem(config).fix, config))


def _shown(value: Any) -> set[str]:
    """The value as JSON, or the part of it that is wrong."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {json.dumps(value)}.union(*map(_shown, inner))
