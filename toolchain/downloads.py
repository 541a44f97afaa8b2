"""Vendor releases: each is checked against `checksums.txt`, or else against what its vendor publishes beside it."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

from toolchain import network, versions
from toolchain.artefacts import Artefact, publishing
from toolchain.layout import Layout
from toolchain.machine import Machine, architecture
from toolchain.problem import Problem

PINNED = Path(__file__).with_name("checksums.txt")


def cli_artefact(layout: Layout) -> Artefact:
    """Where a downloaded CLI is, or will be."""
    return Artefact(layout.artefacts / f"pulumi-{versions.PULUMI}-release-{architecture()}")


def download_cli(machine: Machine) -> None:
    """Pulumi's archive: the CLI, and the language hosts that belong beside it.

    Raises:
        Problem: it cannot be had, or is not what its makers published.
    """
    system = "x64" if architecture() == "amd64" else architecture()
    archive = f"pulumi-v{versions.PULUMI}-linux-{system}.tar.gz"
    releases = f"{network.PULUMI_SITE}releases/sdk/"
    sha256 = _expected(f"{releases}pulumi-{versions.PULUMI}-checksums.txt", archive)
    with publishing(cli_artefact(machine.layout)) as folder:
        packed = folder / archive
        network.download(releases + archive, packed, sha256=sha256)
        _extract_programs(packed, folder)
        packed.unlink()


@dataclass(frozen=True)
class OfGitHub:
    """A single program that its makers publish with a release on GitHub.

    Attributes:
        project: owner and repository.
        version: of the release, without its `v`.
        program: what it is called here.
        asset: what it is called there; `{architecture}` stands for this machine's.
        listing: the asset with the checksums.
    """

    project: str
    version: str
    program: str
    asset: str
    listing: str

    def artefact(self, layout: Layout) -> Artefact:
        """Where it is, or will be."""
        return Artefact(layout.artefacts / f"{self.program}-{self.version}-release-{architecture()}")

    def download(self, machine: Machine) -> None:
        """Have it.

        Raises:
            Problem: it cannot be had, or is not what its makers published.
        """
        release = f"{network.GITHUB}{self.project}/releases/download/v{self.version}/"
        asset = self.asset.format(architecture=architecture())
        sha256 = _expected(release + self.listing, asset, f"{self.program}-{self.version}-linux-{architecture()}")
        with publishing(self.artefact(machine.layout)) as folder:
            program = folder / self.program
            network.download(release + asset, program, sha256=sha256)
            program.chmod(0o755)


BUILDX = OfGitHub(
    project="docker/buildx",
    version=versions.BUILDX,
    program="docker-buildx",
    asset=f"buildx-v{versions.BUILDX}.linux-{{architecture}}",
    listing="checksums.txt",
)
COSIGN = OfGitHub(
    project="sigstore/cosign",
    version=versions.COSIGN,
    program="cosign",
    asset="cosign-linux-{architecture}",
    listing="cosign_checksums.txt",
)


def _expected(listing: str, file: str, name: str = "") -> str:
    """The checksum of a release: the one of this repository, or else the published one.

    Args:
        listing: address of what is published.
        file: the release's name there.
        name: its name here, where the vendor's is the same for every version.
    """
    checksums = _checksums(PINNED.read_text())
    pinned = checksums.get(name or file)
    if pinned:
        return pinned
    published = _checksums(network.text(listing))
    if file not in published:
        raise Problem(f"the published checksums do not name {file}", "try again later")
    return published[file]


def _checksums(listing: str) -> dict[str, str]:
    """Checksums by file, as `sha256sum` writes them; a `*` before a name stands for "binary"."""
    lines = (line.split() for line in listing.splitlines() if not line.startswith("#"))
    return {line[1].removeprefix("*"): line[0] for line in lines if len(line) == 2}


def _extract_programs(archive: Path, folder: Path) -> None:
    """The files of an archive, side by side in `folder` whatever paths the archive gives them."""
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content:
                target = folder / Path(member.name).name
                target.write_bytes(content.read())
                target.chmod(0o755 if member.mode & 0o100 else 0o644)
