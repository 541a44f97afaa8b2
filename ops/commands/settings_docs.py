"""Generate the settings' schema in `Pulumi.yaml`, and `docs/settings.md` (`make docs`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from components.settings import Settings
from components.settings.schema import about, fields, is_secret, section_of

PROJECT = Path("Pulumi.yaml")
PAGE = Path("docs/settings.md")
MARK = "# The settings, generated from components/settings/ by `make docs`; docs/settings.md describes each.\n"
INTRODUCTION = """# Settings

Generated from `components/settings/` by `make docs`; do not edit. A stack file contains what differs from the defaults:

    pulumi config set --path 'mimir:environment.port' 9000
    pulumi config set --path --secret 'mimir:environment.jwtSecret' "$(openssl rand -base64 48)"

Unknown keys are rejected. `MIMIR_OVERRIDES`, a JSON object of the same form, changes settings for one run and not in
the stack file; the run prints that it is set.
"""


def project_config() -> dict[str, Any]:
    """The `config` block of `Pulumi.yaml`: type, default and description of every top-level setting."""
    return {key: _declaration(field) for key, field in fields(Settings).items()}


def _declaration(field: FieldInfo) -> dict[str, Any]:
    section = section_of(field)
    if section is None:
        return {"type": _pulumi_type(field), "default": field.default, "description": _sentence(field)}
    default = section().model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"type": "object", "default": default, "description": (section.__doc__ or "").strip().splitlines()[0]}


def _pulumi_type(field: FieldInfo) -> str:
    return "boolean" if field.annotation is bool else "string"


def _sentence(field: FieldInfo) -> str:
    return f"{field.description} Allowed: {about(field, 'allowed')}."


def page() -> str:
    """The text of docs/settings.md."""
    top = {key: field for key, field in fields(Settings).items() if section_of(field) is None}
    tables = [_table("Top level", "", "", top)]
    for key, field in fields(Settings).items():
        if section := section_of(field):
            tables.append(_table(f"`{key}`", (section.__doc__ or "").strip(), f"{key}.", fields(section)))
    return "\n".join([INTRODUCTION, *tables])


def _table(title: str, text: str, prefix: str, rows_of: dict[str, FieldInfo]) -> str:
    rows = "\n".join(_rows(prefix, rows_of))
    introduction = f"{text}\n\n" if text else ""
    return f"## {title}\n\n{introduction}| key | default | meaning | allowed |\n|---|---|---|---|\n{rows}\n"


def _rows(prefix: str, rows_of: dict[str, FieldInfo]) -> Iterator[str]:
    for key, field in rows_of.items():
        if prefix and (section := section_of(field)):
            yield from _rows(f"{prefix}{key}.", fields(section))
            continue
        default = "" if field.default is None else f"`{json.dumps(field.default)}`"
        secret = " **Secret.**" if is_secret(field) else ""
        allowed = str(about(field, "allowed")).replace("|", "\\|")
        yield f"| `{prefix}{key}` | {default} | {field.description}{secret} | {allowed} |"


def project_file(text: str) -> str:
    """The text of Pulumi.yaml with its generated part replaced.

    Args:
        text: current text of Pulumi.yaml.
    """
    head = text.split(MARK)[0].rstrip("\n") + "\n"
    config = yaml.safe_dump({"config": project_config()}, sort_keys=False, width=110, allow_unicode=True)
    return head + MARK + config


if __name__ == "__main__":
    PROJECT.write_text(project_file(PROJECT.read_text()))
    PAGE.write_text(page())
