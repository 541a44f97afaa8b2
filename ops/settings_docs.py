"""Write the settings' schema to `Pulumi.yaml` and `docs/settings.md`: `python -m ops.settings_docs` (make docs)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from components.section import Section, about
from components.settings import Settings

PROJECT = Path("Pulumi.yaml")
PAGE = Path("docs/settings.md")
MARK = "# The settings, generated from components/settings.py by `make docs`; docs/settings.md says more of each.\n"
INTRODUCTION = """# Settings

Generated from `components/settings.py` by `make docs`; do not edit. A stack says what differs from the defaults:

    pulumi config set --path 'mimir:environment.port' 9000
    pulumi config set --path --secret 'mimir:environment.jwtSecret' "$(openssl rand -base64 48)"

Unknown keys are refused. `MIMIR_OVERRIDES`, a JSON object of the same form, changes settings for one run without
touching the stack file; the run says so.
"""


def project_config() -> dict[str, Any]:
    """The `config` block of `Pulumi.yaml`: type, default and description of every top-level setting."""
    return {field.alias or name: _declaration(field) for name, field in Settings.model_fields.items()}


def _declaration(field: FieldInfo) -> dict[str, Any]:
    section = _section(field)
    if section is None:
        return {"type": _pulumi_type(field), "default": field.default, "description": _sentence(field)}
    default = section().model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"type": "object", "default": default, "description": (section.__doc__ or "").strip().splitlines()[0]}


def _section(field: FieldInfo) -> type[Section] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _pulumi_type(field: FieldInfo) -> str:
    return "boolean" if field.annotation is bool else "string"


def _sentence(field: FieldInfo) -> str:
    return f"{field.description} Allowed: {about(field, 'allowed')}."


def page() -> str:
    """The text of docs/settings.md."""
    top = {name: field for name, field in Settings.model_fields.items() if _section(field) is None}
    tables = [_table("Top level", "", "", top)]
    for name, field in Settings.model_fields.items():
        if section := _section(field):
            key = field.alias or name
            tables.append(_table(f"`{key}`", (section.__doc__ or "").strip(), f"{key}.", section.model_fields))
    return "\n".join([INTRODUCTION, *tables])


def _table(title: str, text: str, prefix: str, fields: dict[str, FieldInfo]) -> str:
    rows = "\n".join(_rows(prefix, fields))
    introduction = f"{text}\n\n" if text else ""
    return f"## {title}\n\n{introduction}| key | default | meaning | allowed |\n|---|---|---|---|\n{rows}\n"


def _rows(prefix: str, fields: dict[str, FieldInfo]) -> Iterator[str]:
    for name, field in fields.items():
        default = "" if field.default is None else f"`{json.dumps(field.default)}`"
        secret = " **Secret.**" if "SecretStr" in _names(field.annotation) else ""
        allowed = str(about(field, "allowed")).replace("|", "\\|")
        yield f"| `{prefix}{field.alias or name}` | {default} | {field.description}{secret} | {allowed} |"


def _names(annotation: Any) -> set[str]:
    inner = set().union(*(_names(one) for one in get_args(annotation))) if get_origin(annotation) else set()
    return inner | set().union(*(_names(one) for one in get_args(annotation))) | {getattr(annotation, "__name__", "")}


def project_file(text: str) -> str:
    """`text` of Pulumi.yaml with its generated part renewed."""
    head = text.split(MARK)[0].rstrip("\n") + "\n"
    config = yaml.safe_dump({"config": project_config()}, sort_keys=False, width=110, allow_unicode=True)
    return head + MARK + config


if __name__ == "__main__":
    PROJECT.write_text(project_file(PROJECT.read_text()))
    PAGE.write_text(page())
