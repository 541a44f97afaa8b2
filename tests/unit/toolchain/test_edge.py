"""What the edge needs: HAProxy with libraries of its own, the image that stands in for the hub's, and who finds it."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from toolchain import suites
from toolchain.debian import Debian, Package, library_dependencies
from toolchain.layout import Layout
from toolchain.machine import Machine
from toolchain.problem import Problem
from toolchain.report import Row, Source
from toolchain.services import edgeimage
from toolchain.services.haproxy import HAProxy
from toolchain.services.layers import make
from toolchain.shared import Libraries, SharedProgram

DEPENDENCIES = """\
haproxy
  PreDepends: dpkg
  Depends: libc6
  Depends: libsystemd0
    libelogind0
  Depends: zlib1g
 |Depends: libfirst
  Depends: libsecond
  Depends: <libnobody>
  Depends: adduser
libsystemd0
  Depends: libc6
"""

LISTED = """\
	linux-vdso.so.1 (0x00007f68296a4000)
	libssl.so.3 => {root}/usr/lib/x86_64-linux-gnu/libssl.so.3 (0x00007f6829157000)
	libc.so.6 => {root}/lib/x86_64-linux-gnu/libc.so.6 (0x00007f682894e000)
	/lib64/ld-linux-x86-64.so.2 => {root}/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 (0x00007f68296a6000)
"""

LOADER = """\
#!/bin/sh
case "$*" in *--list*) cat <<'END'
{listed}END
;; *) echo "$@" ;; esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    layout = Layout.of(tmp_path / "project", {"MIMIR_TOOLCHAIN_HOME": str(tmp_path / "cache")})
    return Machine(layout, {"PATH": os.environ["PATH"]})


def script(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)


def unpacked(root: Path, listed: str = LISTED) -> SharedProgram:
    """HAProxy as it is unpacked, with a loader that says what it is asked to run."""
    script(root / "usr/sbin/haproxy", "the program")
    loader = root / "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
    script(loader, LOADER.format(listed=listed.format(root=root)))
    (root / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (root / "usr/lib/x86_64-linux-gnu/libssl.so.3").write_text("ssl")
    (root / "lib/x86_64-linux-gnu/libc.so.6").write_text("c")
    (root / "VERSION").write_text("3.2.26-1\n")
    return SharedProgram(Package("haproxy", root), "haproxy")


def suffix() -> str:
    """What the name of a folder with a package of the newer suite ends with on this machine."""
    return f"@{suites.newer()}" if suites.newer() else ""


def test_the_libraries_of_a_package_are_those_that_apt_would_take() -> None:
    assert library_dependencies(DEPENDENCIES) == ["libc6", "libsystemd0", "zlib1g", "libfirst"]


APT_GET = """\
lists=machine
while [ "$1" = -o ]; do case $2 in *Lists=*) lists=${2##*/apt/}; [ -d "${2##*=}" ] || exit 1;; esac; shift 2; done
case $1 in
  update) echo $lists > $folder/updated ;;
  download) [ "$(cat $folder/updated)" = $lists ] || exit 1; shift
    for name; do echo $name >> $folder/downloads; echo > "${name}_1%3a2_all.deb"; done ;;
esac
"""
APT_CACHE = """\
case "$(cat $folder/updated) $*" in "machine -o "*|"lists depends "*) exit 1;; esac
case "$*" in
  *haproxy*) printf 'haproxy\\n  Depends: libc6\\n  Depends: libssl3\\n  Depends: adduser\\n' ;;
  *libssl3*) printf 'libssl3\\n  Depends: libc6\\n  Depends: libz\\n' ;;
esac
"""
DPKG_DEB = 'case $1 in -f) echo "1:2";; -x) mkdir -p "$3/lib"; touch "$3/lib/${2##*/}";; esac\n'


@pytest.mark.parametrize(("user", "lists"), [(0, "machine"), (1000, "lists")], ids=["root", "not root"])
def test_a_package_is_unpacked_with_its_libraries_once_even_where_apt_has_no_lists_yet(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, lists: str
) -> None:
    """Only root may update the machine's lists; others have their own."""
    for name, text in {"apt-get": APT_GET, "apt-cache": APT_CACHE, "dpkg-deb": DPKG_DEB, "dpkg-query": ""}.items():
        script(tmp_path / "bin" / name, f"#!/bin/sh\nfolder={tmp_path}\n{text}")
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    debian = Debian(machine.layout, {"PATH": path})
    assert debian.unpacked_whole("haproxy") is None

    package = debian.unpack_whole("haproxy")

    assert (tmp_path / "updated").read_text() == f"{lists}\n"
    assert debian.unpack_whole("haproxy") == debian.unpacked_whole("haproxy") == package
    assert package.version == "1:2"
    assert (tmp_path / "downloads").read_text().split() == ["haproxy", "libc6", "libssl3", "libz"]
    assert len(list((package.root / "lib").iterdir())) == 4
    assert not list(package.root.glob("*.deb"))


def test_a_program_runs_with_the_libraries_that_were_unpacked_with_it(tmp_path: Path) -> None:
    program = unpacked(tmp_path / "a folder")
    launcher = program.launcher()
    assert launcher.name == "haproxy"
    assert program.launcher() == launcher
    said = subprocess.run([launcher, "-c", "-f", "a b"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("--argv0 haproxy --library-path ")
    assert said.endswith("usr/sbin/haproxy -c -f a b\n")
    assert f"{tmp_path}/a folder/usr/lib/x86_64-linux-gnu" in said


def test_the_loader_says_what_a_program_needs(tmp_path: Path) -> None:
    libraries = unpacked(tmp_path).libraries()
    assert libraries.interpreter == "/lib64/ld-linux-x86-64.so.2"
    assert [file.name for file in libraries.files] == ["libc.so.6", "libssl.so.3"]


@pytest.mark.parametrize(
    "listed", ["", LISTED + "\tliblua.so => /usr/lib/liblua.so (0x1)\n"], ids=["nothing", "one of the machine's"]
)
def test_a_library_that_is_not_the_programs_own_is_a_problem(listed: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match="lacks libraries of its own"):
        unpacked(tmp_path, listed).libraries()


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("HAProxy version 3.2.7-dirty 2026/01/01", "3.2.7"),
        ("HAProxy version 2.6.0-1 2022/01/01", "2.6.0"),
        ("HA-Proxy version 2.2.9-2 2021/01/01", ""),
    ],
)
def test_the_machines_own_haproxy_is_used_if_it_is_new_enough(
    answer: str, found: str, machine: Machine, tmp_path: Path
) -> None:
    script(tmp_path / "bin/haproxy", f'#!/bin/sh\n[ "$*" = -v ] && echo "{answer}"\n')
    machine.environment = {"PATH": str(tmp_path / "bin")}
    unpacked(machine.layout.packages / f"haproxy+libraries{suffix()}")
    row, program = HAProxy(machine).ensure(), HAProxy(machine).program()
    if found:
        assert (row, program) == (Row("haproxy", found, Source.INSTALLED), None)
    else:
        assert (row.version, row.source) == ("3.2.26-1", Source.CACHED)
        assert program and program.name == "haproxy"


def test_a_machine_that_cannot_have_haproxy_is_none_the_worse(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.environment = {"PATH": "/nowhere"}
    monkeypatch.setattr("toolchain.debian.available", lambda: False)
    row = HAProxy(machine).ensure()
    assert row.ok and row.source is Source.NONE
    assert HAProxy(machine).program() is None


def test_the_edge_image_has_the_program_on_path_and_its_libraries_where_they_are_looked_for(tmp_path: Path) -> None:
    program = unpacked(tmp_path / "root")
    libraries: Libraries = program.libraries()
    made = make(tmp_path / "layer", lambda layer: edgeimage.fill(layer, program, libraries))
    with tarfile.open(made.file) as tar:
        files = {entry.name: entry for entry in tar.getmembers() if entry.isfile()}
        assert set(files) == {
            "usr/local/sbin/haproxy",
            "usr/local/bin/docker-entrypoint.sh",
            "lib64/ld-linux-x86-64.so.2",
            "lib/x86_64-linux-gnu/libc.so.6",
            "usr/lib/x86_64-linux-gnu/libssl.so.3",
        }
        assert {entry.mode for entry in tar.getmembers()} == {0o755}, "any user may run it"
        parents = {str(parent) for name in files for parent in Path(name).parents} - {"."}
        assert parents <= {*tar.getnames(), "usr", "usr/local", "usr/local/bin", "usr/local/sbin"}


@pytest.mark.parametrize(
    ("given", "run"),
    [
        (["haproxy", "-f", "x"], "haproxy -W -db -f x"),
        (["-v"], "haproxy -W -db -v"),
        (["echo", "-n"], "echo -n"),
    ],
)
def test_the_edge_images_entrypoint_is_as_the_official_one(given: list[str], run: str, tmp_path: Path) -> None:
    for name in ("haproxy", "echo"):
        script(tmp_path / "bin" / name, f'#!/bin/sh\nprintf "%s" "{name} $*"\n')
    script(tmp_path / "entrypoint", edgeimage.ENTRYPOINT_SCRIPT)
    answer = subprocess.run(
        ["/bin/sh", tmp_path / "entrypoint", *given],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": str(tmp_path / "bin")},
    )
    assert answer.stdout == run
