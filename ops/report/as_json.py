"""Renders a report as JSON. Keys are only added; `schema` increases when a key changes its meaning."""

from __future__ import annotations

import json
from typing import Any

from ops.report.report import Report

SCHEMA = 1


def write(report: Report) -> str:
    """`report` as JSON: names, paths and kinds, never the value of a property."""
    meaning = report.meaning
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "stack": report.stack,
        "kind": report.kind,
        "result": report.code.name.lower(),
        "counts": {**report.counts, "unchanged": report.unchanged},
        "interruptions": meaning.interruptions,
        "restarts": meaning.restarts,
        "remarks": meaning.remarks,
        "volumes": meaning.volumes,
        "destructive": [
            {"name": change.name, "type": change.type, "kind": change.kind, "allowed": change.name in report.allowed}
            for change in meaning.destructive
        ],
        "image": report.image,
        "settings": report.settings,
        "changes": [
            {
                "name": change.name,
                "type": change.type,
                "urn": change.urn,
                "kind": change.kind,
                "paths": change.paths,
                "deleteFirst": change.delete_first,
                "protected": change.protected,
            }
            for change in report.changes
        ],
        "changedBy": report.changed_by,
        "deletions": report.deletions,
        "policies": {"packs": report.packs, "violations": [vars(violation) for violation in report.violations]},
        "warnings": report.warnings,
        "errors": report.errors,
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=list) + "\n"
