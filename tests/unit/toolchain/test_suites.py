"""Debian's other suites: read from the machine's own mirror, with settings that leave the machine's apt alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import suites
from toolchain.debian import Debian, Package
from toolchain.layout import Layout
from toolchain.problem import Problem

DEB822 = "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n"
ONE_LINE = "# a comment\ndeb [arch=amd64] http://mirror.example/debian bookworm main\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Debian 12 with its keys and mirror."""
    (tmp_path / "apt/sources.list.d").mkdir(parents=True)
    (tmp_path / "keyring.gpg").touch()
    (tmp_path / "os-release").write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
    (tmp_path / "apt/sources.list.d/debian.sources").write_text(DEB822)
    monkeypatch.setattr(suites, "SOURCES", tmp_path / "apt")
    monkeypatch.setattr(suites, "KEYRING", tmp_path / "keyring.gpg")
    monkeypatch.setattr(suites, "RELEASE", tmp_path / "os-release")
    return tmp_path


def test_current_programs_are_debians_newer_suites(system: Path) -> None:
    assert suites.is_debian()
    assert suites.newer() == "sid"
    assert suites.older() == "", "this machine's own release has the oldest engine"
    (system / "os-release").write_text("ID=debian\nVERSION_CODENAME=trixie\n")
    assert suites.older() == "bookworm"


@pytest.mark.parametrize("missing", ["os-release", "keyring.gpg", "apt/sources.list.d/debian.sources"])
def test_without_a_debian_its_keys_or_a_mirror_the_machines_own_packages_are_taken(missing: str, system: Path) -> None:
    (system / missing).unlink()
    assert (suites.newer(), suites.older()) == ("", "")


def test_another_system_takes_its_own_packages(system: Path) -> None:
    (system / "os-release").write_text("ID=ubuntu\nVERSION_CODENAME=noble\n")
    assert suites.newer() == ""


def test_the_mirror_is_read_in_both_forms_of_apts_settings(system: Path) -> None:
    assert suites.mirror() == "http://mirror.example/debian"
    (system / "apt/sources.list.d/debian.sources").unlink()
    (system / "apt/sources.list").write_text(ONE_LINE)
    assert suites.mirror() == "http://mirror.example/debian"


def test_a_suite_is_signed_and_has_lists_and_a_cache_of_its_own(system: Path, layout: Layout) -> None:
    environment = suites.environment("sid", layout, {"PATH": "/bin"})
    assert environment["PATH"] == "/bin"
    settings = Path(environment["APT_CONFIG"]).read_text()
    for folder in ("lists", "cache", "sources"):
        assert f'"{layout.home}/suites/sid/{folder}"' in settings
    source = (layout.home / "suites/sid/sources/sid.list").read_text()
    assert source == f"deb [signed-by={system}/keyring.gpg] http://mirror.example/debian sid main\n"


def test_the_machines_own_suite_is_read_as_ever(layout: Layout) -> None:
    assert suites.environment("", layout, {"PATH": "/bin"}) == {"PATH": "/bin"}
    assert not layout.home.exists()


def test_packages_of_two_suites_do_not_meet_in_the_cache(layout: Layout) -> None:
    for folder, version in {"docker.io": "20.10.24", "docker.io@sid": "28.5.2"}.items():
        (layout.packages / folder).mkdir(parents=True)
        (layout.packages / folder / "VERSION").write_text(version)
    own, newer = Debian(layout, {}).unpacked("docker.io"), Debian(layout, {}, "sid").unpacked("docker.io")
    assert own and newer and (own.version, newer.version) == ("20.10.24", "28.5.2")


@pytest.mark.parametrize(
    ("version", "oldest", "enough"),
    [("28.5.2+dfsg4-5", "28.0", True), ("1:2.1.9", "2.1", True), ("20.10.24+dfsg1", "28.0", False), ("1.0", "", True)],
)
def test_a_package_is_compared_with_the_oldest_version_that_will_do(
    version: str, oldest: str, enough: bool, tmp_path: Path
) -> None:
    (tmp_path / "VERSION").write_text(f"{version}\n")
    assert Package("docker.io", tmp_path).is_at_least(oldest) is enough


def test_a_suite_that_has_only_an_older_version_is_a_problem_with_both_versions(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(_: Debian, names: list[str], folder: Path) -> None:
        (folder / f"{names[0]}_1.deb").touch()

    monkeypatch.setattr("toolchain.debian.available", lambda: True)
    monkeypatch.setattr(Debian, "_download", download)
    monkeypatch.setattr("toolchain.debian.output_of", lambda *_, **__: "20.10.24")
    monkeypatch.setattr("toolchain.debian.run_logged", lambda *_, **__: None)
    with pytest.raises(Problem, match=r"docker\.io is 20\.10\.24 in sid, older than 28\.0"):
        Debian(layout, {}, "sid").unpack("docker.io", "28.0")
