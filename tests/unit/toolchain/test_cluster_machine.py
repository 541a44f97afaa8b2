"""What the cluster leaves on the machine: no process, no mount, no changed setting, and never less than it found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from toolchain.problem import Problem
from toolchain.services.cluster import leftovers, shutdown, tunables
from toolchain.services.cluster.places import Places

MOUNTINFO = """\
24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 24 0:26 / /cache/run/cluster/containerd/rootfs rw - overlay overlay rw
31 24 254:0 /cache/services/cluster/volumes/pvc-1 /cache/services/cluster/kubelet/pods/1/volume rw - ext4 /dev/vda rw
32 31 0:27 / /cache/services/cluster/kubelet/pods/1/volume/deeper rw - tmpfs tmpfs rw
33 24 0:28 / /cache/run/cluster-of-another rw - tmpfs tmpfs rw
34 24 0:29 / /cache/run/cluster/with\\040blank\\134slash rw - tmpfs tmpfs rw
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "services/cluster", tmp_path / "run/cluster")


def test_mounts_are_found_inside_first_and_never_beside_the_folder() -> None:
    kubelet = "/cache/services/cluster/kubelet/pods/1/volume"
    assert leftovers.mounts_below([Path("/cache/services/cluster/kubelet")], MOUNTINFO) == [
        f"{kubelet}/deeper",
        kubelet,
    ]
    assert leftovers.mounts_below([Path("/cache/run/cluster")], MOUNTINFO) == [
        "/cache/run/cluster/with blank\\slash",
        "/cache/run/cluster/containerd/rootfs",
    ]


@pytest.mark.parametrize("hierarchies", [["."], ["pids", "memory"]], ids=["cgroup v2", "cgroup v1"])
def test_the_processes_in_pods_are_found_in_both_kinds_of_control_groups(
    tmp_path: Path, hierarchies: list[str]
) -> None:
    for hierarchy in hierarchies:
        container = tmp_path / hierarchy / "kubepods/burstable/pod1/container"
        container.mkdir(parents=True)
        (container / "cgroup.procs").write_text("17\n18\n")
        (tmp_path / hierarchy / "docker").mkdir()
        (tmp_path / hierarchy / "docker/cgroup.procs").write_text("99\n")
    assert leftovers.pod_processes(tmp_path) == {17, 18}
    assert leftovers.pod_processes(tmp_path / "nowhere") == set()


LISTENING = """
import signal, sys
from pathlib import Path
def end(*_):
    Path(sys.argv[1]).write_text("")
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
print(flush=True)
signal.pause()
"""


def test_a_process_that_is_still_in_a_pod_is_ended_gently(tmp_path: Path) -> None:
    listing = tmp_path / "kubepods/cgroup.procs"
    listing.parent.mkdir()
    with subprocess.Popen([sys.executable, "-c", LISTENING, str(listing)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        listing.write_text(f"{process.pid}\n")
        leftovers.end_pods(tmp_path)
        assert process.wait(5) == 7


def test_the_kernels_settings_are_as_before_when_the_cluster_is_gone(tmp_path: Path) -> None:
    setting = tmp_path / "sys/vm/overcommit_memory"
    setting.parent.mkdir(parents=True)
    setting.write_text("0\n")
    file = tmp_path / "remembered"

    tunables.remember(file, tmp_path / "sys")
    setting.write_text("1\n")
    tunables.remember(file, tmp_path / "sys")  # a second start, with the kubelet's value in place
    tunables.restore(file, tmp_path / "sys")

    assert setting.read_text() == "0\n"
    assert not file.exists()
    setting.write_text("2\n")
    tunables.restore(file, tmp_path / "sys")
    assert setting.read_text() == "2\n", "what was set since is nobody's business"


def test_a_setting_that_the_kernel_does_not_have_is_no_obstacle(tmp_path: Path) -> None:
    tunables.remember(tmp_path / "file", tmp_path / "nothing")
    assert json.loads((tmp_path / "file").read_text()) == {}
    tunables.restore(tmp_path / "file", tmp_path / "nothing")


def test_erasing_deletes_the_data_once(places: Places) -> None:
    (places.volumes / "pvc-1").mkdir(parents=True)
    assert shutdown.erase(places)
    assert not places.root.exists()
    assert not shutdown.erase(places)


def test_nothing_is_erased_through_a_mount(places: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places.volumes.mkdir(parents=True)
    info = tmp_path / "mountinfo"
    info.write_text(f"31 24 254:0 /home /{places.volumes.relative_to('/')}/pvc-1 rw - ext4 /dev/vda rw\n")
    monkeypatch.setattr(leftovers, "MOUNTS", info)
    with pytest.raises(Problem, match="nothing was erased"):
        shutdown.erase(places)
    assert places.volumes.is_dir()


def test_what_parts_put_elsewhere_goes_and_what_others_have_there_stays(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links, results, plugins = (tmp_path / name for name in ("log/containers", "cni/results", "kubelet/device-plugins"))
    for name, folder in (("POD_LOG_LINKS", links), ("NETWORK_RESULTS", results), ("DEVICE_PLUGINS", plugins)):
        folder.mkdir(parents=True)
        monkeypatch.setattr(shutdown, name, folder)
    for name in ("bridge", "firewall", "leftovers", "runtime"):
        monkeypatch.setattr(shutdown, name, Nothing())
    ours = ["mimir-test-7f-eth0", "cni-loopback-7f-lo"]
    theirs = ["podman-3a-eth0", "cni-loopback-3a-lo"]
    for name in (*ours, *theirs):
        (results / name).touch()
    (links / "ours.log").symlink_to(places.root / "pod-logs/a")
    (links / "theirs.log").symlink_to("/var/log/pods/b")
    (plugins / "kubelet.sock").touch()
    shim = tmp_path / "shim.sock"
    shim.touch()
    bundle = places.run / "containerd/io.containerd.runtime.v2.task/k8s.io/7f"
    bundle.mkdir(parents=True)
    (bundle / "address").write_text(f"unix://{shim}")

    shutdown.clear(places)

    assert sorted(path.name for path in results.iterdir()) == sorted(theirs)
    assert [path.name for path in links.iterdir()] == ["theirs.log"]
    assert not plugins.parent.exists()
    assert not shim.exists()
    assert not places.run.exists()


class Nothing:
    """Every step that would touch the machine itself."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: []
