"""Reads and validates Pulumi's structured configuration, and reports every problem at once."""

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
    """The settings of a stack, and notices about them.

    Attributes:
        settings: validated settings, each one and in combination.
        warnings: notices about settings that do not come from the stack file.
    """

    settings: Settings
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Configuration:
    """A stack's configuration as Pulumi has it.

    Attributes:
        project: name of the Pulumi project, the first part of its keys.
        values: decrypted text by full key; objects and lists are JSON.
        encrypted: full keys that contain an encrypted value.
    """

    project: str
    values: Mapping[str, str]
    encrypted: frozenset[str]


def load(stack: str) -> Loaded:
    """Read and validate the configuration of the stack that this program runs for.

    Args:
        stack: name of the stack.

    Raises:
        DeploymentError: if the configuration is invalid; it lists every problem.
    """
    problems: list[Problem] = []
    overrides = _overrides(problems)
    return _load(stack, _of_this_run(pulumi.get_project()), overrides, problems)


def load_outside(stack: str, configuration: Configuration, overrides: Mapping[str, Any]) -> Settings:
    """Validate a configuration outside of a Pulumi run.

    Args:
        stack: name of the stack.
        configuration: configuration of the stack, decrypted.
        overrides: settings that replace the stack's for this call, by section and key.

    Raises:
        DeploymentError: if the configuration is invalid; it lists every problem.
    """
    return _load(stack, configuration, overrides, []).settings


def _load(stack: str, configuration: Configuration, overrides: Mapping[str, Any], problems: list[Problem]) -> Loaded:
    values, secret_keys = _own(configuration)
    merged = _merge(values, overrides)
    problems += _secrets_in_the_clear(merged, secret_keys, overrides, _stack_file(stack, configuration.project))
    settings, invalid = _validate(merged, problems)
    problems += broken_rules(settings, invalid)
    if problems:
        raise DeploymentError(stack, problems)
    overridden = [f"mimir:{path}" for path in _paths(overrides)]
    notices = (f"{OVERRIDES} overrides for this run: {', '.join(overridden)}.",) if overridden else ()
    return Loaded(settings, notices)


def _of_this_run(project: str) -> Configuration:
    """The configuration that the Pulumi CLI passed to this program."""
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    encrypted = {*runtime_config.get_config_secret_keys_env(), *runtime_config._SECRET_KEYS.get()}
    return Configuration(project, values, frozenset(encrypted))


def _own(configuration: Configuration) -> tuple[dict[str, Any], frozenset[str]]:
    """The project's values by key without its prefix, and the keys that contain an encrypted value."""
    prefix = f"{configuration.project}:"
    texts = {key.removeprefix(prefix): value for key, value in configuration.values.items() if key.startswith(prefix)}
    return (
        {key: structured(value) for key, value in texts.items()},
        frozenset(key.removeprefix(prefix) for key in configuration.encrypted if key.startswith(prefix)),
    )


def structured(value: Any) -> Any:
    """A configuration value with JSON objects and lists decoded; every other value is returned unchanged."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _readable(value: Any) -> bool:
    """Whether a value of a stack file is plain text, or an object that contains plain text (not `secure: ...`)."""
    if isinstance(value, dict) and "secure" not in value:
        return any(map(_readable, value.values()))
    return isinstance(value, str)


def _stack_file(stack: str, project: str) -> dict[str, Any]:
    """The project's sections in the stack file, not decrypted; empty if there is no stack file."""
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


def _merge(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overrides.items():
        current = merged.get(key)
        merged[key] = _merge(current, value) if isinstance(current, dict) and isinstance(value, dict) else value
    return merged


def _paths(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    paths: list[str] = []
    for key, value in values.items():
        paths += _paths(value, f"{prefix}{key}.") if isinstance(value, dict) else [f"{prefix}{key}"]
    return paths


def _secrets_in_the_clear(
    values: Mapping[str, Any], secret_keys: frozenset[str], overrides: Mapping[str, Any], file: Mapping[str, Any]
) -> list[Problem]:
    """Secrets in plain text in the stack file.

    Pulumi reports only which top-level keys contain an encrypted value, so the file is checked as well.
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
    """The value at `path`, or None."""
    value: Any = values
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _one_for_each_key(problems: Iterable[Problem]) -> list[Problem]:
    """One problem for each key: several invalid members of a list are reported together."""
    merged: dict[str, Problem] = {}
    for problem in problems:
        first = merged.get(problem.key)
        merged[problem.key] = replace(first, found=f"{first.found}, {problem.found}") if first else problem
    return list(merged.values())


def _validate(values: Mapping[str, Any], problems: list[Problem]) -> tuple[Settings, frozenset[str]]:
    """The settings, and the keys of invalid sections.

    An invalid section is replaced by its defaults, so that the rules can still check the other sections.
    """
    try:
        return Settings.model_validate(values, by_alias=True, by_name=False), frozenset()
    except ValidationError as error:
        details = error.errors(include_url=False)
    problems += _one_for_each_key(errors.validation(detail) for detail in details)
    invalid = frozenset(str(detail["loc"][0]) for detail in details)
    valid = {key: value for key, value in values.items() if key not in invalid}
    return Settings.model_validate(valid, by_alias=True, by_name=False), invalid
