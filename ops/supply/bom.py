"""An image's bill of materials in CycloneDX: its Go programs, the modules in them, and its other files."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from components.application.probes import PROBE_BINARY
from ops.supply import contents
from ops.supply.layout import Layout, PlatformImage
from ops.supply.tool import run

SPECIFICATION = "1.6"
VERSION_LABEL = "org.opencontainers.image.version"
TITLE_LABEL = "org.opencontainers.image.title"

Bom = dict[str, Any]


def describe_image(layout: Layout, image: PlatformImage) -> Bom:
    """The bill of materials of one platform's image. The same image has the same one: it holds no time of its own.

    Raises:
        CannotWork: the image holds something that cannot be described, or the tool fails.
    """
    held = contents.inspect_contents(image.platform, layout.files(image))
    name = image.labels.get(TITLE_LABEL, "image")
    version = image.labels.get(VERSION_LABEL, "")
    programs = [
        # The image's version is the application's; the probe is this project's.
        _of_program(path, content, "" if f"/{path}" == PROBE_BINARY else version)
        for path, content in sorted(held.programs.items())
    ]
    subject = {
        "bom-ref": image.digest,
        "type": "container",
        "name": name,
        # What the specification of package URLs says of type `oci`: the version is the digest.
        "purl": f"pkg:oci/{name}@{image.digest.replace(':', '%3A')}?arch={image.platform.split('/')[1]}",
        "version": image.digest,
    }
    own = [program["metadata"]["component"] for program in programs]
    modules = _once(component for program in programs for component in program.get("components", []))
    files = [_file(path, content) for path, content in sorted(held.others.items())]
    depends = _once(
        ({"ref": image.digest, "dependsOn": [component["bom-ref"] for component in own]}, *_dependencies(programs)),
        "ref",
    )
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {"component": subject, "tools": programs[0]["metadata"]["tools"]},
        "components": [*own, *modules, *files],
        "dependencies": depends,
    }


def _of_program(path: str, content: bytes, version: str) -> Bom:
    """What cyclonedx-gomod reads from the program itself; its own component is named after where the program is."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / Path(path).name
        file.write_bytes(content)
        file.chmod(0o755)
        options = ["-json", "-std", "-noserial", "-notimestamp", f"-output-version={SPECIFICATION}"]
        versioned = [f"-version={version}"] if version else []
        bom: Bom = json.loads(run(["cyclonedx-gomod", "bin", *options, *versioned, str(file)]))
    component = bom["metadata"]["component"]
    before, component["bom-ref"] = component["bom-ref"], f"/{path}"
    component["properties"] = bom["metadata"].get("properties", [])
    component["hashes"] = [_sha256(content)]
    for dependency in bom.get("dependencies", []):
        if dependency["ref"] == before:
            dependency["ref"] = component["bom-ref"]
    return bom


def _file(path: str, content: bytes) -> Bom:
    return {"bom-ref": f"/{path}", "type": "file", "name": f"/{path}", "hashes": [_sha256(content)]}


def _sha256(content: bytes) -> dict[str, str]:
    return {"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}


def _dependencies(programs: Iterable[Bom]) -> list[Bom]:
    return [dependency for program in programs for dependency in program.get("dependencies", [])]


def _once(entries: Iterable[Bom], key: str = "bom-ref") -> list[Bom]:
    """Each entry once: two programs may hold the same module."""
    return list({entry[key]: entry for entry in entries}.values())
