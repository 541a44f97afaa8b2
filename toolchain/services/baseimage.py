"""A stand-in for the Go base image, for machines on which the image hub does not answer.

The image is made of what the machine has: a static busybox, the machine's own Go, its CA certificates. Our
BuildKit daemon looks for the hub's images in the registry on loopback first, and so finds it under its own name.
"""

from __future__ import annotations

import hashlib
import ssl
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain import versions
from toolchain.debian import Debian
from toolchain.machine import Machine, architecture
from toolchain.problem import ENSURE, Problem
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services import registry
from toolchain.services.builder import ImageBuilder
from toolchain.services.layers import LayerWriter, make
from toolchain.services.push import Repository

RECIPE = 1
"""To be raised when the image's contents change in a way that its inputs do not show."""

KEY_LABEL = "mimir.toolchain.key"
GO_LABEL = "mimir.toolchain.go"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
GO_PARTS = ("VERSION", "go.env", "bin", "lib", "src", "pkg/include", "pkg/tool")
PATH = "/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
GROUP = "root:x:0:\nnobody:x:65534:\n"


@dataclass(frozen=True)
class BaseImage:
    """The image BASE_IMAGE: the hub's own where that answers, else the stand-in."""

    machine: Machine
    builder: ImageBuilder
    progress: Progress
    name: str = "base image"

    def look(self) -> Row:
        if not self.builder.look().ok:
            return Row(self.name, "", Source.NONE, "there is no builder to use it", ENSURE)
        if not self.builder.is_ours():
            return Row(
                self.name,
                versions.GO_BASE_IMAGE,
                Source.INSTALLED,
                "pulled by the builder from the image hub",
            )
        try:
            labels = self._repository.labels(self._tag)
        except OSError as error:
            return Row(self.name, "", Source.NONE, f"{error}", ENSURE)
        if KEY_LABEL not in labels:
            return Row(self.name, "", Source.NONE, f"{registry.ADDRESS} has no {versions.BASE_IMAGE}", ENSURE)
        return Row(self.name, labels.get(GO_LABEL, ""), Source.CACHED, self._remark)

    def ensure(self) -> Row:
        row = self.look()
        if not self.builder.is_ours():
            return row
        debian = Debian(self.machine.layout, self.machine.environment)
        busybox = debian.unpack("busybox-static").program("busybox")
        certificates = _certificates()
        key = self._key(busybox, certificates)
        if row.ok and self._repository.labels(self._tag)[KEY_LABEL] == key:
            return row
        with self.progress.step(f"making {versions.BASE_IMAGE}"), tempfile.TemporaryDirectory() as folder:
            system = make(Path(folder) / "system", lambda layer: _fill_system(layer, busybox, certificates))
            go = make(Path(folder) / "go", lambda layer: layer.tree(self.machine.go.root, "usr/local/go", GO_PARTS))
            try:
                self._repository.push(self._tag, self._config(key), [system, go])
            except OSError as error:
                raise Problem(f"{error}", "python3 -m toolchain stop, then " + ENSURE) from error
        return Row(self.name, self.machine.go.version, Source.BUILT, self._remark)

    def environment(self) -> Mapping[str, str]:
        return {}

    def stop(self) -> list[str]:
        return []

    @property
    def _remark(self) -> str:
        return f"STAND-IN for {versions.BASE_IMAGE}: busybox and this machine's Go"

    @property
    def _repository(self) -> Repository:
        return Repository(registry.ADDRESS, versions.BASE_IMAGE.partition(":")[0])

    @property
    def _tag(self) -> str:
        return versions.BASE_IMAGE.partition(":")[2]

    def _key(self, busybox: Path, certificates: bytes) -> str:
        digest = hashlib.sha256(f"{RECIPE} {self.machine.go.version} {architecture()}".encode())
        digest.update(busybox.read_bytes())
        digest.update(certificates)
        return digest.hexdigest()

    def _config(self, key: str) -> dict[str, Any]:
        go = self.machine.go.version
        notice = f"Not the official image: busybox and Go {go} of the machine that made it. Never publish it."
        return {
            "architecture": architecture(),
            "os": "linux",
            "config": {
                "Env": [f"PATH={PATH}", f"GOLANG_VERSION={go}", "GOTOOLCHAIN=local", "GOPATH=/go"],
                "WorkingDir": "/go",
                "Cmd": ["sh"],
                "Labels": {
                    "org.opencontainers.image.title": f"STAND-IN for {versions.BASE_IMAGE}",
                    "org.opencontainers.image.description": notice,
                    "mimir.toolchain.stand-in": "true",
                    GO_LABEL: go,
                    KEY_LABEL: key,
                },
            },
            "history": [{"created_by": "mimir toolchain: system"}, {"created_by": "mimir toolchain: go"}],
        }


def _fill_system(layer: LayerWriter, busybox: Path, certificates: bytes) -> None:
    """A shell, its tools, and what programs expect of a file system."""
    for name in (
        "bin",
        "etc",
        "etc/ssl",
        "etc/ssl/certs",
        "go",
        "go/bin",
        "go/src",
        "home",
        "proc",
        "root",
        "sbin",
        "sys",
        "usr",
        "usr/bin",
        "usr/local",
        "usr/local/bin",
        "usr/sbin",
        "var",
    ):
        layer.folder(name)
    for name in ("tmp", "var/tmp"):
        layer.folder(name, 0o1777)
    layer.file("bin/busybox", busybox.read_bytes(), 0o755)
    for applet in _applets(busybox):
        layer.link(f"bin/{applet}", "busybox")
    layer.link("usr/bin/env", "/bin/busybox")
    layer.file("etc/passwd", PASSWD.encode())
    layer.file("etc/group", GROUP.encode())
    layer.file("etc/nsswitch.conf", b"hosts: files dns\n")
    layer.file(CERTIFICATES.lstrip("/"), certificates)


def _applets(busybox: Path) -> list[str]:
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    return sorted(set(listed) - {"busybox"})


def _certificates() -> bytes:
    """The CA certificates that this machine trusts: RUN steps use its network."""
    for candidate in (CERTIFICATES, ssl.get_default_verify_paths().cafile):
        if candidate and Path(candidate).is_file():
            return Path(candidate).read_bytes()
    raise Problem("this machine has no CA certificates", "apt-get install -y ca-certificates")
