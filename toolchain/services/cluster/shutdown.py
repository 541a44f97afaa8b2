"""Ends the node so that nothing of it is left on the machine but its data."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from toolchain.command import output_of
from toolchain.problem import Problem
from toolchain.services import runtime
from toolchain.services.cluster import bridge, firewall, leftovers, tunables
from toolchain.services.cluster.parts import STOP_SECONDS
from toolchain.services.cluster.places import NAME, Places
from toolchain.services.process import Daemon

GRACE_SECONDS = 30
"""How long containers may take to end by themselves; it is what Kubernetes gives them."""

BEFORE_PODS = ("provisioner", "kubelet")
"""The kubelet would start again what is stopped."""

AFTER_PODS = ("policies", "proxy", "api-for-pods", "scheduler", "controller-manager", "apiserver", "etcd", "containerd")
PARTS = (*BEFORE_PODS, *AFTER_PODS)

POD_LOG_LINKS = Path("/var/log/containers")
NETWORK_RESULTS = Path("/var/lib/cni/results")
DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")


def running(places: Places) -> dict[str, Path]:
    """The parts that run, each with its program."""
    records = {name: Daemon(name, places.root).running() for name in PARTS}
    return {name: Path(record.argv[0]) for name, record in records.items() if record}


def stop(places: Places) -> list[str]:
    """Stop everything; the names of the pods that ran.

    Raises:
        Problem: something is left that would be in the way.
    """
    programs = running(places)
    _end(places, BEFORE_PODS)
    # Beside the program of any of Kubernetes' parts are all the others.
    kube = next((program.parent for name, program in programs.items() if name not in ("etcd", "containerd")), None)
    pods = _stop_pods(kube / "stop-pods", places.containerd) if kube and "containerd" in programs else []
    _end(places, AFTER_PODS)
    clear(places)
    return pods


def clear(places: Places) -> None:
    """Remove what is left of a node whose daemons have ended, however they did.

    Raises:
        Problem: something is left that would be in the way.
    """
    runtime.end_leftovers(places.containerd)
    leftovers.end_pods()
    left = leftovers.unmount([places.run, places.kubelet])
    if left:
        raise Problem(f"these mounts of the cluster stay: {', '.join(left)}", f"umount {' '.join(left)}")
    bridge.stop()
    firewall.stop()
    tunables.restore(places.run / "tunables.json")
    for address in places.run.glob("containerd/*/*/*/address"):
        # Of a shim that was killed; it has its socket in a folder that it shares with those of other containerds.
        Path(address.read_text().removeprefix("unix://")).unlink(missing_ok=True)
    shutil.rmtree(places.run, ignore_errors=True)
    _clear_elsewhere(places)


def _clear_elsewhere(places: Places) -> None:
    """Remove what parts put into folders of the system, whatever they are told."""
    for link in POD_LOG_LINKS.glob("*"):
        if link.is_symlink() and link.readlink().is_relative_to(places.root):
            link.unlink()
    for result in NETWORK_RESULTS.glob(f"{NAME}-*-eth0"):
        pod = result.name.removeprefix(f"{NAME}-").removesuffix("-eth0")
        (NETWORK_RESULTS / f"cni-loopback-{pod}-lo").unlink(missing_ok=True)
        result.unlink()
    (DEVICE_PLUGINS / "kubelet.sock").unlink(missing_ok=True)
    for folder in (DEVICE_PLUGINS, DEVICE_PLUGINS.parent, NETWORK_RESULTS, NETWORK_RESULTS.parent, POD_LOG_LINKS):
        with contextlib.suppress(OSError):
            folder.rmdir()  # if nothing else has anything in it


def erase(places: Places) -> bool:
    """Delete the data of a cluster that is stopped; whether there were any.

    Raises:
        Problem: something is mounted in its folders, and would be deleted with them.
    """
    if not places.root.exists():
        return False
    left = leftovers.mounts_below([places.root], leftovers.MOUNTS.read_text())
    if left:
        raise Problem(f"nothing was erased, because these are mounted: {', '.join(left)}", f"umount {' '.join(left)}")
    shutil.rmtree(places.root)
    return True


def _end(places: Places, names: tuple[str, ...]) -> None:
    for name in names:
        Daemon(name, places.root).stop(STOP_SECONDS)


def _stop_pods(stopper: Path, socket: str) -> list[str]:
    """Stop the pods, gently; their names. What does not stop is ended with force afterwards."""
    argv = [str(stopper), f"--runtime=unix://{socket}", f"--grace={GRACE_SECONDS}"]
    with contextlib.suppress(OSError):
        return sorted(output_of(argv, limit=GRACE_SECONDS + 60).splitlines())
    return []
