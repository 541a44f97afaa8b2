"""A second net for secrets: the engine masks those that it knows, and this masks them wherever else they turn up.

A provider's error, a plugin's warning or a program's own text may quote a value that Pulumi never saw as a secret. So
every secret of the stack's configuration and of the environment is looked for in what is written, in the forms that it
takes on its way.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from pulumi.automation import Stack

from components.config import structured

MASK = "[secret]"
SHORTEST = 6
"""Characters of the shortest secret that is looked for: a shorter one is part of too many innocent words."""

LINE = 16
"""Characters from which a line of a secret of several lines, such as a private key, counts by itself."""

SECRET_VARIABLES = re.compile(r"(TOKEN|SECRET|PASSWORD|PASSPHRASE|PRIVATE_KEY|ACCESS_KEY)(_|$)")
"""Names of environment variables whose values are secrets."""


class Redaction:
    """Masks a set of secrets in any text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        # The longest first: one secret may be a part of another.
        ordered = sorted((form for form in forms if len(form) >= SHORTEST), key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __call__(self, text: str) -> str:
        """`text` without any of the secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text


def of(stack: Stack, environment: Mapping[str, str] = os.environ) -> Redaction:
    """Masks what is secret in the configuration of `stack` and in `environment`."""
    values = {key: structured(one.value) for key, one in stack.get_all_config().items() if one.secret}
    file = Path(f"Pulumi.{stack.name}.yaml")
    config = (yaml.safe_load(file.read_text()) or {}).get("config") or {} if file.is_file() else {}
    return Redaction([*_secure(config, values), *_of_environment(environment)])


def _secure(config: Any, values: Any) -> list[str]:
    """The decrypted values of what stands encrypted (`secure: ...`) in a stack file's `config`."""
    if isinstance(config, Mapping) and "secure" in config:
        return [str(values)] if values is not None else []
    if isinstance(config, Mapping) and isinstance(values, Mapping):
        return [one for key, below in config.items() for one in _secure(below, values.get(key))]
    if isinstance(config, list) and isinstance(values, list):
        return [one for below, value in zip(config, values, strict=False) for one in _secure(below, value)]
    return []


def _of_environment(environment: Mapping[str, str]) -> list[str]:
    """The values of variables that are named like secrets, and a passphrase that is in a file."""
    found = [
        value
        for name, value in environment.items()
        if SECRET_VARIABLES.search(name) and not name.endswith("_FILE")  # a path, which is none
    ]
    file = Path(environment.get("PULUMI_CONFIG_PASSPHRASE_FILE") or ".passphrase")
    return [*found, *([file.read_text().strip()] if file.is_file() else [])]


def _forms(secret: str) -> set[str]:
    """The forms in which a secret may be written."""
    lines = [line.strip() for line in secret.splitlines() if len(line.strip()) >= LINE] if "\n" in secret else []
    raw = {secret, secret.strip(), *lines}
    return {
        form
        for one in raw
        for form in (one, json.dumps(one)[1:-1], quote(one, safe=""), base64.b64encode(one.encode()).decode())
    }
