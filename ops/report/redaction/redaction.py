"""Masks secrets in reports, in addition to the engine, which masks only the values that it knows to be secret.

A provider's error, a plugin's warning or a program's own text may quote a value that Pulumi never saw as a secret. So
every secret of the stack's configuration, of the environment and of the tools' own files is looked for in what is
written, in the forms that it takes on its way (ops/report/redaction/encodings.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pulumi.automation import Stack

from components.configuration import structured
from ops.report.redaction import encodings, tool_secrets

MASK = "[secret]"
SHORTEST = 6
"""Characters of the shortest secret that is masked: shorter ones occur in too many ordinary words."""

LINE = 16
"""Characters from which a part of a larger secret counts by itself: a line of a private key, an entry of a file."""


class Redaction:
    """Masks a set of secrets in any text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        parts = {part for secret in secrets for part in _parts(secret) if len(part) >= SHORTEST}
        forms = {form for part in parts for form in encodings.patterns(part)}
        self._patterns = [re.compile(form) for form in sorted(forms)]

    def __call__(self, text: str) -> str:
        """`text` without any of the secrets; overlapping matches get one mask."""
        spans = sorted(match.span() for pattern in self._patterns for match in pattern.finditer(text))
        kept, end = [], 0
        for first, last in spans:
            if first >= end:
                kept += [text[end:first], MASK]
            end = max(end, last)
        return "".join([*kept, text[end:]])


def collect_secrets(stack: Stack, environment: Mapping[str, str] = os.environ) -> Redaction:
    """Masks what is secret in the configuration of `stack`, in `environment`, and in the files that it names."""
    file = Path(f"Pulumi.{stack.name}.yaml")
    config = (yaml.safe_load(file.read_text()) or {}).get("config") or {} if file.is_file() else {}
    secrets: list[str] = []
    for key, value in stack.get_all_config().items():
        if value.secret:
            # Where the file does not say which of its leaves are encrypted, any may be.
            secrets += _secure(config.get(key), structured(value.value)) or tool_secrets.leaves(structured(value.value))
    return Redaction(
        [*secrets, *tool_secrets.environment_secrets(environment), *tool_secrets.file_secrets(environment)]
    )


def _secure(config: Any, values: Any) -> list[str]:
    """The decrypted values of what stands encrypted (`secure: ...`) in a stack file's `config`."""
    if isinstance(config, Mapping) and "secure" in config:
        return tool_secrets.leaves(values)
    if isinstance(config, Mapping) and isinstance(values, Mapping):
        return [secret for key, below in config.items() for secret in _secure(below, values.get(key))]
    if isinstance(config, list) and isinstance(values, list):
        return [secret for below, value in zip(config, values, strict=False) for secret in _secure(below, value)]
    return []


def _parts(secret: str) -> set[str]:
    """`secret` and what of it may be quoted alone: its lines, and the entries of one that is a file (a kubeconfig)."""
    inside = tool_secrets.parsed(secret)
    long = (leaf for leaf in tool_secrets.leaves(inside) if len(leaf) >= LINE)
    entries = {secret, *long, *tool_secrets.named_leaves(inside)}
    return {part for entry in entries for part in (entry, entry.strip(), *encodings.lines(entry, LINE))}
