"""A stack's configuration as its user works on it: set with the CLI's commands, then loaded by the program."""

from __future__ import annotations

import contextvars
import copy
import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components import configuration
from components.configuration import Loaded
from components.constants import OVERRIDES
from components.problems import DeploymentError, Problem
from components.settings import Settings
from tests.support.program import SECTIONS, as_pulumi_hands_it
from tests.support.project import PROJECT

Config = Mapping[str, Any]
PropertyPath = list[str | int]


def load(
    values: Config,
    *,
    encrypted: Iterable[str] = SECTIONS,
    overrides: Config | str = "",
    folder: Path = PROJECT,
) -> Loaded:
    """What the program makes of these values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(pulumi, "get_project", lambda: "mimir")
        patch.delenv("PULUMI_CONFIG", raising=False)
        patch.delenv("PULUMI_CONFIG_SECRET_KEYS", raising=False)
        patch.setenv(OVERRIDES, overrides if isinstance(overrides, str) else json.dumps(overrides))

        def inside() -> Loaded:
            pulumi.runtime.set_all_config(as_pulumi_hands_it(values), [f"mimir:{key}" for key in encrypted])
            return configuration.load("test")

        return contextvars.copy_context().run(inside)


def settings(values: Config) -> Settings:
    """Valid settings."""
    return load(values).settings


def refusal(values: Config, **how: Any) -> DeploymentError:
    """The error that these values end in."""
    with pytest.raises(DeploymentError) as caught:
        load(values, **how)
    return caught.value


def problems(values: Config, **how: Any) -> tuple[Problem, ...]:
    """Everything that is wrong with these values."""
    try:
        load(values, **how)
    except DeploymentError as error:
        return error.problems
    return ()


def problem(values: Config, **how: Any) -> Problem:
    """The only thing that is wrong with these values."""
    found = refusal(values, **how).problems
    assert len(found) == 1, f"not one problem: {[one.key for one in found]}"
    return found[0]


def fixable(key: str, values: Config) -> Problem:
    """The only thing that is wrong with these values: it is about `key`, and the command that it names mends it."""
    only = problem(values)
    assert only.key == f"mimir:{key}"
    assert load(after(only.fix, values))
    return only


def at(key: str, value: Any) -> dict[str, Any]:
    """Configuration that says one thing: `environment.port` is `{"environment": {"port": value}}`."""
    for name in reversed(key.split(".")):
        value = {name: value}
    return dict(value)


def merged(*configs: Config) -> dict[str, Any]:
    """Several configurations as one."""
    result: dict[str, Any] = {}
    for one in configs:
        for key, value in one.items():
            before = result.get(key)
            both = isinstance(before, dict) and isinstance(value, dict)
            result[key] = merged(before, value) if both else value  # type: ignore[arg-type]
    return result


def after(command: str, values: Config) -> dict[str, Any]:
    """`values` after a person has pasted this `pulumi config` command into a shell."""
    arguments = _in_a_shell(command)
    assert arguments[0] == "config", command
    words = [one for one in arguments[2:] if not re.match("--[a-z]", one)]
    path: PropertyPath = _path(words[0]) if "--path" in arguments else [words[0].removeprefix("mimir:")]
    changed = copy.deepcopy(dict(values))
    if arguments[1] == "rm":
        _remove(changed, path)
    else:
        assert arguments[1] == "set", command
        assert len(words) == 2, f"a value is missing: {command}"
        changed = _set(changed, path, _typed(words[1]) if len(path) > 1 else words[1], depth=0)
    return changed


def _in_a_shell(command: str) -> list[str]:
    """The arguments that reach `pulumi`, with quotes and substitutions done as a shell does them, and what it reads."""
    function = 'pulumi() { printf \'%s\\0\' "$@"; read="$(cat)"; test -z "$read" || printf \'%s\\0\' "$read"; }'
    done = subprocess.run(
        ["sh", "-euc", f"{function}\n{command}"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"no command for a shell: {command}\n{done.stderr}"
    return done.stdout.split("\0")[:-1]


def _path(text: str) -> PropertyPath:
    """A property path of Pulumi: names after dots, indices and quoted names in brackets."""
    parts = re.findall(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)', text.removeprefix("mimir:"))
    return [quoted or (int(index) if index else name) for quoted, index, name in parts]


def _typed(text: str) -> Any:
    """The CLI's own reading of a value under a path (sdk, resource/config/object.go)."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"0|-?[1-9][0-9]*", text) else text


def _set(container: Any, path: PropertyPath, value: Any, depth: int) -> Any:
    if not path:
        return value
    head, rest = path[0], path[1:]
    if container is None or (depth == 1 and not isinstance(container, dict | list)):
        container = [] if isinstance(head, int) else {}
    if isinstance(head, int):
        assert isinstance(container, list), "the CLI: expected an array"
        assert head <= len(container), "the CLI: array index out of range"
        container = [*container, None] if head == len(container) else container
        container[head] = _set(container[head], rest, value, depth + 1)
    else:
        assert isinstance(container, dict), "the CLI: expected a map"
        container[head] = _set(container.get(head), rest, value, depth + 1)
    return container


def _remove(container: Any, path: PropertyPath) -> None:
    head, rest = path[0], path[1:]
    there = head in container if isinstance(container, dict) else isinstance(container, list) and isinstance(head, int)
    if there and rest:
        _remove(container[head], rest)
    elif there:
        del container[head]
