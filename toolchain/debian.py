"""Takes programs from Debian's packages.

Programs that would be started as services of the machine are not installed: their packages are downloaded and
unpacked into the cache, so no postinst runs, no unit or init script appears, and nothing is left to clean up.
Only what other programs must find in the usual places (iptables, libraries, CA certificates) is installed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import suites, versions
from toolchain.artefacts import Artefact, publishing
from toolchain.command import output_of, run_logged
from toolchain.layout import Layout
from toolchain.problem import ENSURE, Problem

PLACES = ("usr/sbin", "usr/bin", "sbin", "bin", "usr/libexec/docker/cli-plugins")
LIBRARIES = ("lib", "zlib")
"""What the names of packages with libraries begin with."""

WAIT_FOR_OTHERS = ("-o", "DPkg::Lock::Timeout=120")


@dataclass(frozen=True)
class Package:
    """A package unpacked under `root`."""

    name: str
    root: Path

    @property
    def version(self) -> str:
        return (self.root / "VERSION").read_text().strip()

    def is_at_least(self, oldest: str) -> bool:
        """Whether the package is of version `oldest`, or newer; always for an empty one."""
        return versions.parse(self.version) >= versions.parse(oldest)

    def program(self, name: str) -> Path:
        """An executable of the package, wherever it puts it."""
        for place in PLACES:
            path = self.root / place / name
            if os.access(path, os.X_OK):
                return path
        raise Problem(f"Debian's package {self.name} has no program {name}", "report this as a bug")


def available() -> bool:
    """Whether this machine has Debian's package tools."""
    return all(shutil.which(tool) for tool in ("apt-get", "dpkg-deb", "dpkg-query"))


@dataclass(frozen=True)
class Debian:
    """Debian's packages, with a log of everything that is done.

    Attributes:
        layout: the cache into which packages are unpacked.
        environment: the user's.
        suite: the suite that they are taken from; empty for the machine's own.
    """

    layout: Layout
    environment: Mapping[str, str]
    suite: str = ""

    @property
    def _settings(self) -> Mapping[str, str]:
        return suites.environment(self.suite, self.layout, self.environment)

    @property
    def _log(self) -> Path:
        return self.layout.logs / "apt.log"

    def unpacked(self, name: str) -> Package | None:
        """A package that is in the cache already."""
        root = self._folder(name)
        return Package(name, root) if root.is_dir() else None

    def unpack(self, name: str, oldest: str = "") -> Package:
        """A package's files, downloaded and unpacked into the cache once. Needs no root.

        Args:
            name: of the package.
            oldest: the oldest version that will do; any if left out. An older one in the cache is replaced.

        Raises:
            Problem: this is not a Debian, or the package cannot be had, or only in an older version.
        """
        self._require(name)
        result = self._without_outdated(self._folder(name), name, oldest)
        if not result.exists():
            with publishing(result) as folder:
                self._download([name], folder)
                archive = next(folder.glob("*.deb"))
                version = output_of(["dpkg-deb", "-f", str(archive), "Version"])
                run_logged(["dpkg-deb", "-x", str(archive), str(folder)], self._log)
                archive.unlink()
                (folder / "VERSION").write_text(version + "\n")
                folder.chmod(0o755)
        return self._new_enough(Package(name, result.folder), oldest)

    def unpacked_whole(self, name: str) -> Package | None:
        """A package that is in the cache together with its libraries already."""
        root = self._whole(name)
        return Package(name, root) if root.is_dir() else None

    def unpack_whole(self, name: str, oldest: str = "") -> Package:
        """A package's files and those of the libraries that it needs, as Debian's dependencies name them.

        Args:
            name: of the package.
            oldest: as of `unpack`.

        Raises:
            Problem: this is not a Debian, or one of the packages cannot be had, or only in an older version.
        """
        self._require(name)
        result = self._without_outdated(self._whole(name), name, oldest)
        if not result.exists():
            with publishing(result) as folder:
                self._download([name], folder)
                # Only now is it certain that apt knows what there is.
                self._download(self._libraries(name), folder)
                archives = {archive.name.partition("_")[0]: archive for archive in folder.glob("*.deb")}
                version = output_of(["dpkg-deb", "-f", str(archives[name]), "Version"])
                for archive in archives.values():
                    run_logged(["dpkg-deb", "-x", str(archive), str(folder)], self._log)
                    archive.unlink()
                (folder / "VERSION").write_text(version + "\n")
                folder.chmod(0o755)
        return self._new_enough(Package(name, result.folder), oldest)

    def _without_outdated(self, folder: Path, name: str, oldest: str) -> Artefact:
        """Where a package is or will be; one in the cache that is older than `oldest` is removed."""
        if folder.is_dir() and not Package(name, folder).is_at_least(oldest):
            shutil.rmtree(folder)
        return Artefact(folder)

    def _new_enough(self, package: Package, oldest: str) -> Package:
        if package.is_at_least(oldest):
            return package
        message = f"Debian's {package.name} is {package.version} in {self.suite or 'this release'}, older than {oldest}"
        raise Problem(message, f"install {package.name} {oldest} or newer yourself, then {ENSURE}")

    def _whole(self, name: str) -> Path:
        return self._folder(f"{name}+libraries")

    def _folder(self, name: str) -> Path:
        return self.layout.packages / (f"{name}@{self.suite}" if self.suite else name)

    def _libraries(self, name: str) -> list[str]:
        """The library packages that a package needs, and those that they need."""
        libraries: list[str] = []
        unresolved = [name]
        while unresolved:
            command = ["apt-cache", *self._options(), "depends", "--important", *unresolved]
            output = output_of(command, environment=self._settings)
            unresolved = [needed for needed in library_dependencies(output) if needed not in libraries]
            libraries += unresolved
        return libraries

    def install(self, names: Sequence[str], purpose: str) -> None:
        """Install the packages that are missing. None of them may be one that starts a service.

        Raises:
            Problem: not root, not a Debian, or apt-get fails.
        """
        missing = [name for name in names if not installed(name)]
        if not missing:
            return
        self._require(" ".join(missing))
        command = ["apt-get", "install", "-y", "--no-install-recommends", *WAIT_FOR_OTHERS, *missing]
        if os.geteuid() != 0:
            raise Problem(f"{purpose} needs the packages {', '.join(missing)}", f"sudo {' '.join(command)}")
        try:
            self._apt(command)
        except Problem:
            self._apt(["apt-get", "update"])
            self._apt(command)

    def _download(self, names: Sequence[str], folder: Path) -> None:
        try:
            self._apt(["apt-get", *self._options(), "download", *names], cwd=folder)
        except Problem:
            if os.geteuid() != 0 and not self.suite:
                for part in ("lists/partial", "cache/archives/partial"):
                    (self._own_lists / part).mkdir(parents=True, exist_ok=True)
            self._apt(["apt-get", *self._options(), "update"])
            self._apt(["apt-get", *self._options(), "download", *names], cwd=folder)

    @property
    def _own_lists(self) -> Path:
        return self.layout.home / "apt"

    def _options(self) -> list[str]:
        """What makes apt look at lists in the cache: only root may update the machine's, once those are too old.

        Those of another suite are in the cache anyway (`suites.environment`).
        """
        if self.suite or os.geteuid() == 0 or not self._own_lists.is_dir():
            return []
        folders = {"Dir::State::Lists": self._own_lists / "lists", "Dir::Cache": self._own_lists / "cache"}
        return [word for name, folder in folders.items() for word in ("-o", f"{name}={folder}")]

    def _apt(self, argv: list[str], cwd: Path | None = None) -> None:
        settings = {**self._settings, "DEBIAN_FRONTEND": "noninteractive"}
        run_logged(
            argv,
            self._log,
            cwd=cwd,
            environment=settings,
            limit=900,
            fix=f"run `{' '.join(argv)}` yourself and see what it says",
        )

    def _require(self, what: str) -> None:
        if not available():
            raise Problem(
                f"{what}: this is not a Debian machine, so the toolchain cannot get it",
                f"install {what} with your system's package manager",
            )


def library_dependencies(listed: str) -> list[str]:
    """The library packages in what `apt-cache depends` prints; of alternatives the first, as apt itself does.

    A line that begins with `|` has its alternative in the next one; packages that nobody makes are in `<>`.
    """
    libraries, is_alternative = [], False
    for line in listed.splitlines():
        kind, colon, name = line.strip().partition(": ")
        if not colon:
            continue
        if name.startswith(LIBRARIES) and not is_alternative:
            libraries.append(name)
        is_alternative = kind.startswith("|")
    return list(dict.fromkeys(libraries))


def installed(name: str) -> bool:
    """Whether a package is installed on this machine."""
    status = output_of(["dpkg-query", "-W", "-f", "${db:Status-Status}", name])
    return status == "installed"
