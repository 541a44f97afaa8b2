"""The small system in our stand-in images: a static busybox, CA certificates, and what programs expect to find."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from toolchain.debian import Debian
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.services.layers import LayerWriter

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
GROUP = "root:x:0:\nnobody:x:65534:\n"
FOLDERS = (
    "bin",
    "etc",
    "etc/ssl",
    "etc/ssl/certs",
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
)


@dataclass(frozen=True)
class SmallSystem:
    """What this machine has for it."""

    machine: Machine

    @cached_property
    def _busybox(self) -> Path:
        debian = Debian(self.machine.layout, self.machine.environment)
        return debian.unpack("busybox-static").program("busybox")

    @cached_property
    def _certificates(self) -> bytes:
        """The CA certificates that this machine trusts: what runs in the image uses its network."""
        for candidate in (CERTIFICATES, ssl.get_default_verify_paths().cafile):
            if candidate and Path(candidate).is_file():
                return Path(candidate).read_bytes()
        raise Problem("this machine has no CA certificates", "apt-get install -y ca-certificates")

    def parts(self) -> list[bytes]:
        """What the system changes with."""
        return [self._busybox.read_bytes(), self._certificates]

    def fill(self, layer: LayerWriter, *, folders: Iterable[str] = (), passwd: str = "", group: str = "") -> None:
        """Write the base system.

        Args:
            layer: receives the files.
            folders: additional folders.
            passwd: additional lines for /etc/passwd.
            group: additional lines for /etc/group.
        """
        for name in sorted({*FOLDERS, *folders}):
            layer.folder(name)
        for name in ("tmp", "var/tmp"):
            layer.folder(name, 0o1777)
        layer.file("bin/busybox", self._busybox.read_bytes(), 0o755)
        for applet in _applets(self._busybox):
            layer.link(f"bin/{applet}", "busybox")
        layer.link("usr/bin/env", "/bin/busybox")
        layer.file("etc/passwd", (PASSWD + passwd).encode())
        layer.file("etc/group", (GROUP + group).encode())
        layer.file("etc/nsswitch.conf", b"hosts: files dns\n")
        layer.file(CERTIFICATES.lstrip("/"), self._certificates)


def _applets(busybox: Path) -> list[str]:
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    return sorted(set(applets) - {"busybox"})
