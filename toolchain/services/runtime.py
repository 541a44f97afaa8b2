"""The run folder, which must not outlive the machine's run, and the processes that an engine may leave."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from toolchain.services.process import Record, boot, end, identity

LEFTOVER_SECONDS = 10.0


def forget_other_boots(run: Path) -> None:
    """Empty the run folder if it is from before the machine's last start: its sockets and numbers mean nothing."""
    stamp = run / "boot"
    if stamp.exists() and stamp.read_text() == boot():
        return
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True, exist_ok=True)
    stamp.write_text(boot())


def forget_dead_containerd(folder: Path) -> None:
    """Make an engine start a containerd of its own if the one of its last run does not answer any more.

    An engine waits in vain for a process that has the number in containerd's file, were it dying or another.
    """
    if _accepts(folder / "containerd.sock"):
        return
    end_leftovers(str(folder / "containerd.toml"))
    (folder / "containerd.pid").unlink(missing_ok=True)


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def end_leftovers(marker: str) -> None:
    """End the containerd processes that name `marker` (a folder of ours) in their arguments.

    A killed engine leaves them: its containerd, and a shim for each container.
    """
    for process in _naming(marker):
        end(process, LEFTOVER_SECONDS)


def _naming(marker: str) -> list[Record]:
    numbers = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    records = [record for record in map(identity, numbers) if record is not None]
    return [record for record in records if _is_helper(record) and any(marker in word for word in record.argv)]


def _is_helper(record: Record) -> bool:
    return bool(record.argv) and Path(record.argv[0]).name.startswith("containerd")
