"""A stack's settings, outside of a Pulumi run: what `pulumi config` says, read as the program reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components import configuration
from components.problems import DeploymentError
from components.settings import Settings
from ops.stack.cli import StackError, asked


def load_settings(stack: str, overrides: Mapping[str, Any]) -> Settings:
    """The settings of `stack`, with `overrides` for this run only.

    Raises:
        StackError: the configuration cannot be read, or has problems: all of them.
    """
    project = str(yaml.safe_load(Path("Pulumi.yaml").read_text())["name"])
    # The values, secrets among them, stay in this process.
    done = asked("config", "--json", "--show-secrets", "--stack", stack)
    if done.returncode != 0:
        raise StackError(f"the configuration of stack {stack} cannot be read: {done.stderr.strip()}")
    said = json.loads(done.stdout)
    values = {key: str(one.get("value", "")) for key, one in said.items()}
    encrypted = frozenset(key for key, one in said.items() if one.get("secret"))
    try:
        return configuration.load_outside(stack, configuration.Configuration(project, values, encrypted), overrides)
    except DeploymentError as error:
        raise StackError(str(error).strip()) from error
