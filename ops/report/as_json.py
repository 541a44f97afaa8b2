"""A report for programs. The schema only ever grows; `schema` changes when a key changes its meaning."""

from __future__ import annotations

import json
from typing import Any

from ops.report.report import Report

SCHEMA = 1


def write(report: Report) -> str:
    """`report` as JSON: names, paths and kinds, and no value of any property."""
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
            {"name": one.name, "type": one.type, "kind": one.kind, "allowed": one.name in report.allowed}
            for one in meaning.destructive
        ],
        "image": report.image,
        "settings": report.settings,
        "changes": [
            {
                "name": one.name,
                "type": one.type,
                "urn": one.urn,
                "kind": one.kind,
                "paths": one.paths,
                "deleteFirst": one.delete_first,
                "protected": one.protected,
            }
            for one in report.changes
        ],
        "changedBy": report.changed_by,
        "deletions": report.deletions,
        "policies": {"packs": report.packs, "violations": [vars(one) for one in report.violations]},
        "warnings": report.warnings,
        "errors": report.errors,
    }
    return json.dumps(document, indent=2, ensure_ascii=False, default=list) + "\n"
