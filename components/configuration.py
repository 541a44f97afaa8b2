"""From Pulumi's structured configuration to `Settings`, or to every problem at once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import config as runtime_config
from pydantic import ValidationError

from components.constants import OVERRIDES
from components.problems import DeploymentError, Problem
from components.settings import Settings, errors
from components.validation.core import broken_rules


@dataclass(frozen=True)
class Loaded:
    """The settings of a stack, and what its user should know about them.

    Attributes:
        settings: valid in themselves and with each other.
        warnings: what of it does not come from the stack file.
    """

    settings: Settings
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """A stack's configuration as Pulumi has it.

    Attributes:
        project: name of the project, which is the first part of its keys.
        values: text by whole key, JSON for what is structured; decrypted.
        encrypted: the keys that hold something encrypted.
    """

    project: str
    values: Mapping[str, str]
    encrypted: frozenset[str]


def load(stack: str) -> Loaded:
    """Read and validate the configuration of the stack that this program runs for.

    Raises:
        DeploymentError: with every problem that the configuration has.
    """
    problems: list[Problem] = []
    overrides = _overrides(problems)
    return _load(stack, _of_this_run(pulumi.get_project()), overrides, problems)


def load_outside(stack: str, configuration: Configuration, overrides: Mapping[str, Any]) -> Settings:
    """Validate a configuration outside of a Pulumi run, with `overrides` that hold for this once.

    Raises:
        DeploymentError: with every problem that the configuration has.
    """
    return _load(stack, configuration, overrides, []).settings


def _load(stack: str, given: Configuration, overrides: Mapping[str, Any], problems: list[Problem]) -> Loaded:
    values, secret_keys = _own(given)
    merged = _merge(values, overrides)
    problems += _secrets_in_the_clear(merged, secret_keys, overrides, _stack_file(stack, given.project))
    settings, invalid = _validate(merged, problems)
    problems += broken_rules(settings, invalid)
    if problems:
        raise DeploymentError(stack, problems)
    overridden = [f"mimir:{path}" for path in _paths(overrides)]
    said = (f"{OVERRIDES} overrides for this run: {', '.join(overridden)}.",) if overridden else ()
    return Loaded(settings, said)


def _of_this_run(project: str) -> Configuration:
    """What the CLI handed to this program."""
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    encrypted = {*runtime_config.get_config_secret_keys_env(), *runtime_config._SECRET_KEYS.get()}
    return Configuration(project, values, frozenset(encrypted))


def _own(given: Configuration) -> tuple[dict[str, Any], frozenset[str]]:
    """The project's own keys with structured values, and those that hold something encrypted."""
    prefix = f"{given.project}:"
    own = {key.removeprefix(prefix): value for key, value in given.values.items() if key.startswith(prefix)}
    return (
        {key: structured(value) for key, value in own.items()},
        frozenset(key.removeprefix(prefix) for key in given.encrypted if key.startswith(prefix)),
    )


def structured(value: Any) -> Any:
    """A value of a configuration: objects and lists are JSON text, everything else stays as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _readable(value: Any) -> bool:
    """Whether a value of a stack file is not of the form `secure: ...`, nor an object of such."""
    if isinstance(value, dict) and "secure" not in value:
        return any(map(_readable, value.values()))
    return isinstance(value, str)


def _stack_file(stack: str, project: str) -> dict[str, Any]:
    """The project's own sections as they stand in the stack file, where there is one."""
    path = Path(f"Pulumi.{stack}.yaml")
    config = (yaml.safe_load(path.read_text()) or {}).get("config") if path.is_file() else None
    prefix = f"{project}:"
    return {key.removeprefix(prefix): value for key, value in (config or {}).items() if isinstance(value, dict)}


def _overrides(problems: list[Problem]) -> dict[str, Any]:
    text = os.environ.get(OVERRIDES, "")
    if not text:
        return {}
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return value
    problems.append(Problem(OVERRIDES, "no JSON object", '{"section": {"key": value}}', f"unset {OVERRIDES}"))
    return {}


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _paths(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    found: list[str] = []
    for key, value in values.items():
        found += _paths(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return found


def _secrets_in_the_clear(
    values: Mapping[str, Any], secret_keys: frozenset[str], overrides: Mapping[str, Any], file: Mapping[str, Any]
) -> list[Problem]:
    """Secrets that stand readable in the stack file.

    Pulumi tells a program only which whole sections hold something encrypted, so the file is looked at as well.
    """
    return [
        Problem(
            f"mimir:{'.'.join(path)}",
            "a secret in plain text in the stack file",
            "an encrypted value; treat the one found as leaked",
            f"pulumi config set --secret --path 'mimir:{'.'.join(path)}'   # asks for the value",
        )
        for path in errors.secret_settings()
        if _at(values, path)
        and (path[0] not in secret_keys or _readable(_at(file, path)))
        and _at(overrides, path) is None
    ]


def _at(values: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """What is at `path`, or None."""
    found: Any = values
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _one_for_each_key(problems: Iterable[Problem]) -> list[Problem]:
    """A list with several bad members is one thing to mend."""
    merged: dict[str, Problem] = {}
    for problem in problems:
        first = merged.get(problem.key)
        merged[problem.key] = replace(first, found=f"{first.found}, {problem.found}") if first else problem
    return list(merged.values())


def _validate(values: Mapping[str, Any], problems: list[Problem]) -> tuple[Settings, frozenset[str]]:
    """Valid settings; where a section is not, its defaults, so that the rules can still look at the others."""
    try:
        return Settings.model_validate(values, by_alias=True, by_name=False), frozenset()
    except ValidationError as error:
        found = error.errors(include_url=False)
    problems += _one_for_each_key(errors.validation(one) for one in found)
    invalid = frozenset(str(one["loc"][0]) for one in found)
    valid = {key: value for key, value in values.items() if key not in invalid}
    return Settings.model_validate(valid, by_alias=True, by_name=False), invalid
