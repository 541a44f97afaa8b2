"""A stack's settings outside of a Pulumi run: the values of `pulumi config`, parsed as the program parses them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components import configuration
from components.problems import DeploymentError
from components.settings import Settings
from ops.stack.cli import run_captured
from ops.stack.stack_error import StackError


def load_settings(stack: str, overrides: Mapping[str, Any]) -> Settings:
    """The settings of a stack.

    Args:
        stack: name of the stack.
        overrides: settings for this run only.

    Raises:
        StackError: the configuration cannot be read, or is invalid; the message lists all problems.
    """
    project = str(yaml.safe_load(Path("Pulumi.yaml").read_text())["name"])
    # The values include decrypted secrets; they stay in this process.
    result = run_captured("config", "--json", "--show-secrets", "--stack", stack)
    if result.returncode != 0:
        raise StackError(f"the configuration of stack {stack} cannot be read: {result.stderr.strip()}")
    entries = json.loads(result.stdout)
    values = {key: str(entry.get("value", "")) for key, entry in entries.items()}
    encrypted = frozenset(key for key, entry in entries.items() if entry.get("secret"))
    try:
        return configuration.load_outside(stack, configuration.Configuration(project, values, encrypted), overrides)
    except DeploymentError as error:
        raise StackError(str(error).strip()) from error
