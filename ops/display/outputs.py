"""Formats the stack's outputs, so that URLs and commands can be copied."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks an object as a special value: a secret, an asset (pulumi/sdk, go/common/resource/sig)."""

SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""The signature of a secret."""

INDENT = "    "


def lines(outputs: Mapping[str, Any], indent: str = INDENT) -> list[str]:
    """The outputs, one per line, with nested values indented below; secrets as `[secret]`.

    Args:
        outputs: outputs in the engine's format.
        indent: prefix of each line.
    """
    return [line for name, value in outputs.items() for line in _entry(f"{name}:", value, indent)]


def _entry(label: str, value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET:
        return [f"{indent}{label} [secret]"]
    if isinstance(value, Mapping) and value:
        return [f"{indent}{label}", *lines(value, indent + INDENT)]
    if isinstance(value, list) and value:
        return [f"{indent}{label}", *(line for item in value for line in _entry("-", item, indent + INDENT))]
    if isinstance(value, str) and "\n" in value:
        return [f"{indent}{label}", *(f"{indent}{INDENT}{line}" for line in value.splitlines())]
    return [f"{indent}{label} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"]
