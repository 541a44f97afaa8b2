"""Asking the makers' sites: quick, once a run, and never hanging."""

from __future__ import annotations

import hashlib
import io
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolchain import downloads, network, versions
from toolchain.layout import Layout
from toolchain.machine import Machine, architecture
from toolchain.problem import Problem
from toolchain.supply import COSIGN
from toolchain.tool import Tool
from toolchain.tools import BUILDX, CLI

PATIENCE = 0.3
PUBLISHED = {
    BUILDX.name: (
        f"docker/buildx/releases/download/v{versions.BUILDX}",
        f"buildx-v{versions.BUILDX}.linux-{architecture()}",
        "checksums.txt",
    ),
    COSIGN.name: (
        f"sigstore/cosign/releases/download/v{versions.COSIGN}",
        f"cosign-linux-{architecture()}",
        "cosign_checksums.txt",
    ),
}
"""Where the makers of a program publish it on GitHub, under which name, and the name of their checksums."""


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


class Handler(BaseHTTPRequestHandler):
    asked = 0

    def do_HEAD(self) -> None:
        type(self).asked += 1
        self.send_error(401)

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"content")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(Handler, "asked", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def test_a_silent_site_is_given_up_in_time(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    sites = network.Sites(limit=PATIENCE)
    began = time.monotonic()
    assert "127.0.0.1" in sites.silence(silent)
    assert time.monotonic() - began < 4 * PATIENCE

    began = time.monotonic()
    assert sites.silence(silent)
    assert time.monotonic() - began < PATIENCE / 2, "a site is asked once a run"


def test_a_name_that_is_looked_up_for_ever_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    forever = threading.Event()
    monkeypatch.setattr(network, "_ask", lambda url, limit: forever.wait())
    assert network.Sites(limit=PATIENCE).silence("https://slow.example/") == "slow.example did not answer in 0 s"
    forever.set()


def test_any_answer_counts_even_a_refusal(server: str) -> None:
    sites = network.Sites()
    assert sites.silence(server) == ""
    assert sites.silence(server) == ""
    assert Handler.asked == 1


def test_a_download_is_what_its_maker_published(server: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    network.download(server, target, sha256=hashlib.sha256(b"content").hexdigest())
    assert target.read_bytes() == b"content"


def test_a_download_with_another_checksum_is_refused_and_removed(server: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="checksum"):
        network.download(server, tmp_path / "file", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of releases of a site that stands for the makers'."""
    releases = tmp_path / "site" / "releases" / "sdk"
    releases.mkdir(parents=True)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = partial(QuietFiles, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        for name in ("PULUMI_SITE", "GITHUB"):
            monkeypatch.setattr(network, name, f"http://127.0.0.1:{running.server_port}/")
        yield releases
        running.shutdown()


def release(folder: Path) -> Path:
    """The makers' archive of the CLI: programs in a folder of the CLI's name."""
    system = "x64" if architecture() == "amd64" else architecture()
    archive = folder / f"pulumi-v{versions.PULUMI}-linux-{system}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("pulumi/pulumi", "pulumi/pulumi-language-python", "../../escape"):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = 2, 0o755
            tar.addfile(entry, io.BytesIO(b"ok"))
    return archive


def download_cli(tmp_path: Path) -> list[str]:
    """The names of the downloaded programs."""
    layout = Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})
    assert CLI.download
    CLI.download(Machine(layout, {}))
    artefact = CLI.downloaded(layout)
    assert artefact
    return [program.name for program in artefact.programs()]


def test_the_makers_release_of_the_cli_is_unpacked(site: Path, tmp_path: Path) -> None:
    archive = release(site)
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    (site / f"pulumi-{versions.PULUMI}-checksums.txt").write_text(f"{'0' * 64}  other\n{checksum}  {archive.name}\n")
    # Whatever paths an archive names, its files end up beside each other.
    assert download_cli(tmp_path) == ["escape", "pulumi", "pulumi-language-python"]


def test_a_release_with_another_checksum_leaves_nothing(site: Path, tmp_path: Path) -> None:
    archive = release(site)
    (site / f"pulumi-{versions.PULUMI}-checksums.txt").write_text(f"{'0' * 64}  {archive.name}\n")
    with pytest.raises(Problem, match="checksum"):
        download_cli(tmp_path)
    assert list((tmp_path / "cache" / "artefacts").iterdir()) == []


def test_a_checksum_of_this_repository_counts_and_not_the_sites(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = release(site)
    published = hashlib.sha256(archive.read_bytes()).hexdigest()
    (site / f"pulumi-{versions.PULUMI}-checksums.txt").write_text(f"{published}  {archive.name}\n")
    pinned = tmp_path / "checksums.txt"
    pinned.write_text(f"# comment\n{'0' * 64}  {archive.name}\n")
    monkeypatch.setattr(downloads, "PINNED", pinned)
    with pytest.raises(Problem, match=f"checksum {published}"):
        download_cli(tmp_path)
    pinned.write_text(f"{published}  {archive.name}\n")
    (site / f"pulumi-{versions.PULUMI}-checksums.txt").unlink()
    assert download_cli(tmp_path)


@pytest.mark.parametrize("tool", [BUILDX, COSIGN], ids=lambda tool: tool.name)
def test_the_makers_program_is_checked_against_their_list(tool: Tool, site: Path, tmp_path: Path) -> None:
    release = tmp_path / "site" / PUBLISHED[tool.name][0]
    release.mkdir(parents=True)
    asset, listing = PUBLISHED[tool.name][1:]
    (release / asset).write_bytes(b"program")
    machine = Machine(Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")}), {})
    artefact = tool.downloaded(machine.layout)
    assert tool.download and artefact

    (release / listing).write_text(f"{'0' * 64} *{asset}\n")
    with pytest.raises(Problem, match="checksum"):
        tool.download(machine)
    assert not artefact.exists()

    (release / listing).write_text(f"{hashlib.sha256(b'program').hexdigest()} *{asset}\n")
    tool.download(machine)
    assert [found.name for found in artefact.programs()] == [tool.recipe.program]
