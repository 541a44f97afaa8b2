"""The program `haproxy`, which checks the edge's configuration: the machine's own, or Debian's in the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import debian, suites, versions
from toolchain.command import output_of
from toolchain.debian import Debian, Package
from toolchain.machine import Machine
from toolchain.problem import ENSURE
from toolchain.report import Row, Source
from toolchain.services.question import Question
from toolchain.shared import SharedProgram

PACKAGE = "haproxy"


@dataclass(frozen=True)
class HAProxy:
    """It is only run by hand and by tests, so that a machine which cannot have it is none the worse."""

    machine: Machine
    name: str = "haproxy"

    @property
    def _debian(self) -> Debian:
        return _debian(self.machine)

    def look(self) -> Row:
        installed = self._installed()
        if installed:
            return Row(self.name, installed, Source.INSTALLED)
        package = self._debian.unpacked_whole(PACKAGE)
        if package:
            return _row(package, Source.CACHED)
        if not debian.available():
            why = "not a Debian machine; only tests of the edge's configuration use it"
            return Row(self.name, "", Source.NONE, why)
        return Row(self.name, "", Source.NONE, f"{versions.HAPROXY_OLDEST} or newer is wanted", ENSURE)

    def ensure(self) -> Row:
        row = self.look()
        if row.ok:
            return row
        return _row(unpack(self.machine).package, Source.PACKAGE)

    def environment(self) -> Mapping[str, str]:
        return {}

    def questions(self) -> Sequence[Question] | None:
        return []

    def stop(self) -> list[str]:
        return []

    def program(self) -> Path | None:
        """What belongs on PATH: nothing where the machine has its own, or nothing was unpacked."""
        package = self._debian.unpacked_whole(PACKAGE)
        return SharedProgram(package, PACKAGE).launcher() if package and not self._installed() else None

    def _installed(self) -> str:
        """The version of the machine's own, if that is new enough."""
        program = self.machine.which("haproxy")
        version = versions.parse(output_of([program, "-v"], environment=self.machine.environment)) if program else ()
        return ".".join(map(str, version)) if version >= versions.parse(versions.HAPROXY_OLDEST) else ""


def unpack(machine: Machine) -> SharedProgram:
    """Debian's, with its libraries.

    Raises:
        Problem: it cannot be had.
    """
    oldest = suites.at_least(versions.HAPROXY_PACKAGE)
    return SharedProgram(_debian(machine).unpack_whole(PACKAGE, oldest), PACKAGE)


def _debian(machine: Machine) -> Debian:
    return Debian(machine.layout, machine.environment, suites.newer())


def _row(package: Package, source: Source) -> Row:
    return Row("haproxy", package.version, source, "Debian's, with its libraries, in the cache")
