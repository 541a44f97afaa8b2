"""The cluster's daemons: each is started unless just that command runs already."""

from __future__ import annotations

import errno
import hashlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.problem import Problem
from toolchain.services.process import Daemon

STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Part:
    """A daemon: its command line, and the address and port at which it listens."""

    name: str
    argv: tuple[str, ...]
    listens: tuple[tuple[str, int], ...] = ()

    def daemon(self, folder: Path) -> Daemon:
        return Daemon(self.name, folder)

    def runs(self, folder: Path) -> bool:
        """Whether just this command runs: of the same build, with the same settings."""
        record = self.daemon(folder).running()
        return record is not None and record.argv == list(self.argv)

    def start(self, folder: Path, environment: Mapping[str, str]) -> bool:
        """Start the part unless it already runs with this command line.

        Args:
            folder: for its record and log.
            environment: all variables of the process.

        Returns:
            Whether it had to be started.

        Raises:
            Problem: it cannot be started, or another process uses its port.
        """
        if self.runs(folder):
            return False
        daemon = self.daemon(folder)
        daemon.stop(STOP_SECONDS)
        for address, port in self.listens:
            require_free(self.name, address, port)
        daemon.start(self.argv, environment)
        return True


def require_free(name: str, address: str, port: int) -> None:
    """Check that nothing listens at an address that a part needs.

    Args:
        name: of the part, for the message.
        address: IPv4 address.
        port: TCP port.

    Raises:
        Problem: the port is taken, or the address is not available.
    """
    with socket.socket() as listener:
        # As the daemon itself will: connections of its last run that are not forgotten yet are no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Problem(
                    f"the cluster's {name} cannot listen on {address}:{port}: {error}", "see `ip address`"
                ) from error
            message = f"{address}:{port} is taken, and the cluster's {name} needs it"
            raise Problem(message, f"stop what `ss -ltnp 'sport = :{port}'` shows") from None


def settings_file(folder: Path, name: str, content: str) -> Path:
    """Write a settings file whose name contains a hash of its content: changed settings change the command line.

    Args:
        folder: receives the file; older versions of it are removed.
        name: of the file, with its suffix.
        content: of the file.

    Returns:
        Path of the file.
    """
    stem, _, suffix = name.rpartition(".")
    file = folder / f"{stem}-{hashlib.sha256(content.encode()).hexdigest()[:8]}.{suffix}"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{stem}-*.{suffix}"):
            old.unlink()
        file.write_text(content)
    return file
