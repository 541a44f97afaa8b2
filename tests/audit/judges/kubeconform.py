"""Kubeconform: every object is of the form that the API server takes, without a field that it does not know."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.audit import schemas
from tests.audit.ask import answer
from tests.audit.finding import Finding
from tests.audit.subjects import Subjects, title

VALID = "statusValid"


def findings(subjects: Subjects) -> list[Finding]:
    """An object without a schema is a finding too."""
    with tempfile.TemporaryDirectory() as folder:
        place = schemas.write(schemas.of_the_api_server(), Path(folder))
        argv = ["kubeconform", "-strict", "-verbose", "-output", "json", "-schema-location", place]
        resources = answer([*argv, str(subjects.manifests)])["resources"]
    assert len(resources) == len(subjects.manifest_files), "it did not look at every object"
    return [
        Finding("kubeconform", "schema", title(one["filename"]), _reason(one["msg"]), f"kubectl explain {one['kind']}")
        for one in resources
        if one["status"] != VALID
    ]


def _reason(message: str) -> str:
    """The message without the place of the schema, which is another in every run."""
    _, _, reason = message.partition("#' - ")
    return reason or message
