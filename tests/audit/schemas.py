"""JSON schemas of Kubernetes objects, made from the API server's own description of its API.

Kubeconform would download schemas that were made from the same description elsewhere.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import PROJECT
from toolchain.layout import Layout
from toolchain.state import State
from toolchain.tools import KUBECONFORM

SWAGGER = "swagger.json"
COMMON = "definitions.json"
KINDS = "x-kubernetes-group-version-kind"
LOOSE = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["number", "string"]},
}
"""What the description calls a string, though the API server reads a number too."""


def of_the_api_server() -> Path:
    """The description that the toolchain put beside kubeconform."""
    folder = State.load(Layout.of(PROJECT, os.environ)).artefacts.get(KUBECONFORM.name)
    if not folder:
        pytest.fail("kubeconform is not there; run: make audit", pytrace=False)
    return Path(folder) / SWAGGER


def write(swagger: Path, folder: Path) -> str:
    """Write a strict schema of each kind into `folder`; gives the place of a kind's schema in kubeconform's words."""
    definitions: dict[str, Any] = json.loads(swagger.read_text())["definitions"]
    strict = {name: LOOSE.get(name) or _strict(definition) for name, definition in definitions.items()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / COMMON).write_text(json.dumps({"definitions": strict}))
    for name, definition in definitions.items():
        match definition.get(KINDS):
            case [{"group": group, "version": version, "kind": kind}]:
                file = "-".join(part for part in (kind.lower(), group.split(".")[0], version) if part)
                (folder / f"{file}.json").write_text(json.dumps({"$ref": f"{COMMON}#/definitions/{name}"}))
    return f"{folder}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"


def _strict(schema: Any) -> Any:
    """`schema` with every unknown field refused, and without its prose, which is most of it."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    tightened = {key: _strict(one) for key, one in schema.items() if key != "description" or isinstance(one, dict)}
    if schema.get("type") == "object" and "properties" in schema:
        tightened.setdefault("additionalProperties", False)
    return tightened
