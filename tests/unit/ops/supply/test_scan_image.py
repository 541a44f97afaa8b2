"""What is in an image is read by digest, and nothing in it passes for scanned that was not."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from ops.supply import contents, image
from ops.supply.commands import push, scan_image
from ops.supply.layout import Layout
from ops.supply.tool import CannotWork
from tests.support import oci_layouts
from tests.support.fake_programs import pretend
from tests.support.oci_layouts import PROGRAM
from tests.support.vulnerability_database import local

SERVICE = {"app/mimir": PROGRAM, "probe": PROGRAM, "etc/passwd": b"mimir:x:65532"}
HOLE = {
    "osv": "GO-2030-0001",
    "fixed_version": "v1.26.12",
    "trace": [{"module": "stdlib", "version": "v1.26.11", "function": "Serve"}],
}


def files(folder: Path, *layers: oci_layouts.Files) -> dict[str, bytes]:
    oci_layouts.make(folder, *layers)
    layout = Layout.open(folder)
    return dict(layout.files(layout.images()[0]))


def test_later_layers_lie_over_earlier_ones_and_delete(tmp_path: Path) -> None:
    below = {"a": b"old", "gone": b"", "folder/x": b"", "emptied/y": b"", "kept": b""}
    above = {"./a": b"new", ".wh.gone": b"", ".wh.folder": b"", "emptied/.wh..wh..opq": b"", "emptied/z": b""}
    assert files(tmp_path, below, above) == {"a": b"new", "kept": b"", "emptied/z": b""}


@pytest.mark.parametrize("damage", [b"", oci_layouts.layer(("app/mimir", b"of somebody else")), None])
def test_a_layout_that_is_not_what_its_digests_say_is_refused(tmp_path: Path, damage: bytes | None) -> None:
    oci_layouts.make(tmp_path, SERVICE)
    [layer] = Layout.open(tmp_path).images()[0].layers
    file = tmp_path / "blobs" / layer.replace(":", "/")
    file.unlink()
    if damage is not None:
        file.write_bytes(damage)
    layout = Layout.open(tmp_path)
    with pytest.raises(CannotWork, match=layer[7:]):
        layout.files(layout.images()[0])


@pytest.mark.parametrize("index", ["", "{}", '{"manifests": []}'])
def test_a_folder_without_one_image_is_refused(tmp_path: Path, index: str) -> None:
    (tmp_path / "index.json").write_text(index)
    with pytest.raises(CannotWork):
        Layout.open(tmp_path)


def test_programs_and_files_are_told_apart() -> None:
    held = contents.inspect_contents("linux/amd64", SERVICE)
    assert (set(held.programs), set(held.others)) == ({"app/mimir", "probe"}, {"etc/passwd"})


@pytest.mark.parametrize(
    "more",
    [{"bin/sh": b"\x7fELF of C"}, {"lib/apk/db/installed": b""}, {"var/lib/dpkg/status.d/base": b""}],
    ids=["another program", "Alpine's packages", "Debian's packages"],
)
def test_what_nobody_here_can_scan_is_refused(more: dict[str, bytes]) -> None:
    with pytest.raises(CannotWork, match=next(iter(more))):
        contents.inspect_contents("linux/amd64", {**SERVICE, **more})


def test_an_image_without_a_program_is_refused() -> None:
    with pytest.raises(CannotWork, match="no Go program"):
        contents.inspect_contents("linux/amd64", {"etc/passwd": b""})


@pytest.mark.parametrize("reference", ["registry/mimir", "registry/mimir:latest", "registry/mimir@sha256:0"])
def test_an_image_is_named_by_digest(reference: str) -> None:
    with pytest.raises(CannotWork, match="a tag moves"):
        image.split(reference)


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("127.0.0.1:5000/mimir", ("127.0.0.1:5000/mimir", "")),
        ("127.0.0.1:5000/mimir:1.2", ("127.0.0.1:5000/mimir", "1.2")),
        ("registry.example.com/team/mimir@sha256:0", ("registry.example.com/team/mimir", "")),
    ],
)
def test_a_port_is_no_tag(reference: str, parts: tuple[str, str]) -> None:
    assert push._parts(reference) == parts


class TestScan:
    """`scan-image`."""

    @pytest.fixture
    def programs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.setenv("GOVULNDB", local(tmp_path / "database"))
        oci_layouts.make(tmp_path / "layout", SERVICE)
        return tmp_path / "bin"

    @staticmethod
    def scan(tmp_path: Path, *flags: str) -> int:
        parser = argparse.ArgumentParser()
        scan_image.arguments(parser)
        where = ["--layout", str(tmp_path / "layout"), "--evidence", str(tmp_path / "evidence")]
        return scan_image.run(parser.parse_args([*where, "--max-database-age", "36500", *flags]))

    def test_each_program_of_each_platform_is_scanned(
        self, tmp_path: Path, programs: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pretend(programs, "govulncheck", json.dumps({"SBOM": {}}) + json.dumps({"finding": HOLE}))
        assert self.scan(tmp_path) == 1
        said = capsys.readouterr().out
        for where in ("linux/amd64 /app/mimir", "linux/amd64 /probe", "linux/arm64 /app/mimir", "linux/arm64 /probe"):
            assert f"govulncheck GO-2030-0001: {where}" in said
        document = json.loads((tmp_path / "evidence/scan-image.json").read_text())
        assert document["digest"] == Layout.open(tmp_path / "layout").digest
        assert not document["passes"]

    def test_nothing_found_passes(self, tmp_path: Path, programs: Path) -> None:
        pretend(programs, "govulncheck", '{"SBOM": {}}')
        assert self.scan(tmp_path) == 0

    def test_an_old_database_fails(self, tmp_path: Path, programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
        pretend(programs, "govulncheck", '{"SBOM": {}}')
        assert self.scan(tmp_path, "--max-database-age", "-36500") == 1
        assert "days old" in capsys.readouterr().out
