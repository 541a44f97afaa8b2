"""What a node leaves on the machine when it is ended: processes in its control groups, and mounts in its folders."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
POD_GROUP = "kubepods"
END_SECONDS = 5.0
POLL_SECONDS = 0.1
MOUNTS = Path("/proc/self/mountinfo")


def pod_processes(groups: Path = GROUPS) -> set[int]:
    """The numbers of the processes in pods, whichever version the control groups are of."""
    pids: set[int] = set()
    for group in _pod_groups(groups):
        for listing in group.rglob("cgroup.procs"):
            # Groups come and go while they are listed.
            with contextlib.suppress(OSError):
                pids |= {int(line) for line in listing.read_text().split()}
    return pids


def end_pods(groups: Path = GROUPS) -> None:
    """End every process that is still in a pod, gently first, and remove the pods' control groups."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pod_processes(groups):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + END_SECONDS
        while pod_processes(groups) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    for group in _pod_groups(groups):
        folders = [path for path in group.rglob("*") if path.is_dir()]
        for folder in [*sorted(folders, key=lambda path: -len(path.parts)), group]:
            with contextlib.suppress(OSError):
                folder.rmdir()


def mounts_below(folders: Sequence[Path], mountinfo: str) -> list[str]:
    """The mount points below the folders, the most recent first.

    Args:
        folders: searched recursively.
        mountinfo: content of `/proc/self/mountinfo`.
    """
    points = [_unescaped(line.split()[4]) for line in mountinfo.splitlines()]
    inside = [point for point in points if any(Path(point).is_relative_to(folder) for folder in folders)]
    return inside[::-1]


def unmount(folders: Sequence[Path]) -> list[str]:
    """Unmount all that is mounted in the folders; what could not be unmounted."""
    for point in mounts_below(folders, MOUNTS.read_text()):
        result = subprocess.run(["umount", point], capture_output=True, check=False)
        if result.returncode != 0:
            # In use by something that is about to end: it disappears from here at once, and for good with that.
            subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)
    return mounts_below(folders, MOUNTS.read_text())


def _pod_groups(groups: Path) -> list[Path]:
    """In the second version there is one hierarchy, in the first one for each kind of limit."""
    return [path for path in (groups / POD_GROUP, *groups.glob(f"*/{POD_GROUP}")) if path.is_dir()]


def _unescaped(text: str) -> str:
    """The kernel writes blanks and backslashes as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)
