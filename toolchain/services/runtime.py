"""The run folder, which must not outlive the machine's run, and the processes that an engine may leave."""

from __future__ import annotations

import shutil
from pathlib import Path

from toolchain.services.process import Record, boot, end, identity

LEFTOVER_SECONDS = 10.0


def forget_other_boots(run: Path) -> None:
    """Empty the run folder if it is from before the machine's last start: its sockets and numbers mean nothing."""
    stamp = run / "boot"
    if stamp.exists() and stamp.read_text() == boot():
        return
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    stamp.write_text(boot())


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
