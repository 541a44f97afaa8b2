"""Size of the image, against the same program on a base like gcr.io/distroless/static.

The hub of that image is out of reach where the bench runs, so it is imitated: CA certificates, time zones, users.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from docker.models.containers import Container

from benchmarks.lab import REGISTRY, REPOSITORY, Lab
from benchmarks.table import Table
from tests.support.e2e import http
from tests.support.e2e.stack import Stack
from toolchain.machine import architecture

ZONES = Path("/usr/share/zoneinfo")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PROGRAM = "/app/mimir"
PROBE = "/probe"
DOCKERFILE = "FROM scratch\nCOPY base/ /\nCOPY programs/ /\nUSER 65532:65532\n"
PASSWD = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"


@dataclass(frozen=True)
class Size:
    """Bytes of an image's layers, as the registry holds them and as they are unpacked; of one architecture."""

    compressed: int
    unpacked: int


def measure(lab: Lab, source: str) -> list[Table]:
    """The sample, and the source folder where one is given."""
    tables = [_compared(lab, "the sample", lab.sample)]
    if source:
        stack = lab.stack("source", source={"location": str(Path(source).absolute())})
        stack.up().ok()
        tables.append(_compared(lab, "BENCH_SOURCE", stack))
    return tables


def _compared(lab: Lab, what: str, stack: Stack) -> Table:
    outputs = stack.outputs()
    container = lab.engine.containers.get(outputs["container"])
    folder = lab.folder / f"distroless-{stack.name}"
    sizes = {
        "ours (`scratch`, with the health probe)": size(outputs["image"]),
        "like distroless/static, with the same probe": size(_imitation(folder / "probed", container, PROGRAM, PROBE)),
        "like distroless/static, no health check": size(_imitation(folder / "bare", container, PROGRAM)),
    }
    return Table(
        f"Size of the image: {what} (linux/{architecture()})",
        ["", "ratio to ours", "in the registry", "unpacked"],
        _rows(sizes, next(iter(sizes.values()))),
        {name: [found.compressed, found.unpacked] for name, found in sizes.items()},
    )


def _rows(sizes: Mapping[str, Size], ours: Size) -> list[list[str]]:
    return [
        [name, f"{found.compressed / ours.compressed:.2f}", _shown(found.compressed), _shown(found.unpacked)]
        for name, found in sizes.items()
    ]


def _shown(size: int) -> str:
    return f"{size / 1e6:.2f} MB"


def size(ref: str) -> Size:
    """The size of `host/repository@digest` for this machine's architecture."""
    manifest = http.manifest(ref)
    for one in manifest.get("manifests", []):
        if one["platform"]["architecture"] == architecture():
            manifest = http.manifest(f"{ref.partition('@')[0]}@{one['digest']}")
    layers = manifest["layers"]
    unpacked = sum(len(gzip.decompress(http.blob(ref, layer["digest"]))) for layer in layers)
    return Size(sum(layer["size"] for layer in layers), unpacked)


def _imitation(folder: Path, container: Container, *programs: str) -> str:
    """Push the container's programs on such a base; the image's reference."""
    base = folder / "base"
    (base / "etc/ssl/certs").mkdir(parents=True)
    (base / "etc/passwd").write_text(PASSWD)
    (base / CERTIFICATES.lstrip("/")).write_bytes(_file_of(container, CERTIFICATES))
    shutil.copytree(ZONES, base / ZONES.relative_to("/"), symlinks=True)
    for path in programs:
        target = folder / "programs" / Path(path).name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(_file_of(container, path))
        target.chmod(0o755)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    about = folder / "metadata.json"
    name = f"{REGISTRY}/{REPOSITORY}"
    output = f"--output=type=image,name={name}:{folder.parent.name}-{folder.name},push=true,oci-mediatypes=true"
    argv = ["docker-buildx", "build", "--provenance=false", f"--metadata-file={about}", output, str(folder)]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)
    return f"{name}@{json.loads(about.read_text())['containerimage.digest']}"


def _file_of(container: Container, path: str) -> bytes:
    packed, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as tar:
        content = tar.extractfile(Path(path).name)
        assert content is not None, f"{path} is not a file"
        return content.read()
