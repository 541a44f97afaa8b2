"""`.ci/kind`: a cluster of kind's for the tests, whose nodes pull from this machine's registry."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.project import PROJECT

FAKE = """#!/bin/bash
# Notes its arguments, and its input where it is given one; answers the little that is asked.
program=${0##*/}
echo "$program $*" >> "$FOLDER/notes"
case "$program $*" in
  *"--interactive"*|*"--config -"*|*"replace --filename -"*) cat >> "$FOLDER/notes" ;;
  "docker container inspect"*) [ -e "$FOLDER/registry" ] || exit 1 ;;
  "docker start"*) [ ! -e "$FOLDER/taken" ] || exit 1 ;;
  "docker inspect"*) echo null ;;
  "kind get clusters") cat "$FOLDER/clusters" 2> /dev/null ;;
  "kind get nodes"*) echo mimir-control-plane ;;
  *"get configmap coredns"*) printf '        ttl 30\\n    cache 30\\n' ;;
esac
exit 0
"""


def run(folder: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    """The script, with nothing but these fakes and the shell's own tools."""
    bin_ = folder / "bin"
    bin_.mkdir()
    for name in programs:
        (bin_ / name).write_text(FAKE)
        (bin_ / name).chmod(0o755)
    for name in ("bash", "cat", "grep", "sed", "env"):
        (bin_ / name).symlink_to(f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}")
    environment = {**os.environ, "PATH": str(bin_), "FOLDER": str(folder)}
    return subprocess.run([str(PROJECT / ".ci/kind")], env=environment, capture_output=True, text=True, check=False)


ALL = ("docker", "kind", "kubectl")


def test_nodes_pull_from_the_registry_and_several_pods_may_share_a_volume(tmp_path: Path) -> None:
    done = run(tmp_path, *ALL)
    assert done.returncode == 0, done.stderr
    notes = (tmp_path / "notes").read_text()
    assert "--publish 127.0.0.1:5000:5000 --name mimir-registry" in notes
    assert "docker network connect kind mimir-registry" in notes
    for host in ("127.0.0.1:5000", "localhost:5000"):
        copied = (
            f"docker exec --interactive mimir-control-plane cp /dev/stdin /etc/containerd/certs.d/{host}/hosts.toml\n"
        )
        assert f'{copied}[host."http://mimir-registry:5000"]\n' in notes
    assert "sharedFileSystemPath" in notes
    assert "ttl 5\n    cache 30\n" in notes and "ttl 30" not in notes
    assert "kind create cluster --name mimir --wait 5m" in notes
    assert all("--context kind-mimir" in line for line in notes.splitlines() if line.startswith("kubectl "))
    assert "export MIMIR_TEST_CONTEXT=kind-mimir" in done.stdout


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "clusters").write_text("other\nmimir\n")
    (tmp_path / "registry").touch()
    assert run(tmp_path, *ALL).returncode == 0
    notes = (tmp_path / "notes").read_text()
    assert "kind create" not in notes and "docker create" not in notes
    assert "kind export kubeconfig --name mimir" in notes, "the context may have been removed"


def test_a_cluster_of_a_longer_name_is_another_one(tmp_path: Path) -> None:
    (tmp_path / "clusters").write_text("mimir-2\n")
    assert run(tmp_path, *ALL).returncode == 0
    assert "kind create cluster --name mimir " in (tmp_path / "notes").read_text()


@pytest.mark.parametrize("missing", ALL)
def test_a_program_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    done = run(tmp_path, *(name for name in ALL if name != missing))
    assert done.returncode == 1 and f"there is no {missing}\n  to fix: " in done.stderr
    assert not (tmp_path / "notes").exists(), "nothing was begun"


def test_a_registrys_port_that_is_taken(tmp_path: Path) -> None:
    """The toolchain's own registry listens on this machine's loopback, where no node reaches it."""
    (tmp_path / "taken").touch()
    done = run(tmp_path, *ALL)
    assert done.returncode == 1
    assert "127.0.0.1:5000" in done.stderr and "python3 -m toolchain stop" in done.stderr
    assert "kind create" not in (tmp_path / "notes").read_text()
