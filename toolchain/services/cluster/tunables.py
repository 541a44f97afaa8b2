"""Settings of the kernel that the kubelet and kube-proxy change, and that are to be as before when they are gone."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

KERNEL = Path("/proc/sys")
CHANGED = (
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
"""Not net/ipv4/ip_forward: a Docker engine that was started since relies on it."""


def remember(file: Path, kernel: Path = KERNEL) -> None:
    """Save the kernel settings before the cluster first starts after a boot.

    Args:
        file: receives them; an existing one is kept.
        kernel: root of the settings.
    """
    if file.exists():
        return
    values = {name: (kernel / name).read_text() for name in CHANGED if (kernel / name).exists()}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(values))


def restore(file: Path, kernel: Path = KERNEL) -> None:
    """Write the saved values back, and delete the file.

    Args:
        file: as written by `remember`.
        kernel: root of the settings.
    """
    if not file.exists():
        return
    for name, value in json.loads(file.read_text()).items():
        # Some kernels refuse even what they said before.
        with contextlib.suppress(OSError):
            (kernel / name).write_text(value)
    file.unlink()
