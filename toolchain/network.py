"""Asks the makers' sites whether they answer, and fetches from them; never hangs.

`urllib` is loaded where something is asked: it takes as long as everything else of a command that asks nobody.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from toolchain.problem import Problem

PROBE_SECONDS = 4.0
READ_SECONDS = 30.0
"""How long a download may stand still."""

DOWNLOAD_SECONDS = 900.0
"""How long a download may take in all."""

CHUNK = 1 << 20

PULUMI_SITE = "https://get.pulumi.com/"
GITHUB = "https://github.com/"
IMAGE_HUB = "https://registry-1.docker.io/v2/"


@dataclass
class Sites:
    """Remembers, for one run, which sites answered."""

    limit: float = PROBE_SECONDS
    _answers: dict[str, str] = field(default_factory=dict)

    def silence(self, url: str) -> str:
        """Why `url` cannot be used, or an empty string when it answers (with whatever HTTP status).

        The question is asked in a thread of its own: looking up a name may hang for longer than any
        timeout that can be given to it.
        """
        if url not in self._answers:
            answer: list[str] = []
            asking = threading.Thread(target=lambda: answer.append(_ask(url, self.limit)), daemon=True)
            asking.start()
            asking.join(self.limit)
            site = url.split("/")[2]
            reason = answer[0] if answer else f"did not answer in {self.limit:.0f} s"
            self._answers[url] = f"{site} {reason}" if reason else ""
        return self._answers[url]


def _ask(url: str, limit: float) -> str:
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=limit).close()
    except urllib.error.HTTPError:
        return ""
    except OSError as error:
        reason = getattr(error, "reason", error)
        return f"cannot be reached ({getattr(reason, 'strerror', None) or reason})"
    return ""


def download(url: str, target: Path, *, sha256: str) -> None:
    """Download `url` into `target`, which is only created if the checksum matches.

    Args:
        url: HTTPS address.
        target: the file to create.
        sha256: expected checksum, in hexadecimal.

    Raises:
        Problem: the site fails, stalls, or sends other content.
    """
    import urllib.request

    partial = target.with_name(target.name + ".partial")
    try:
        deadline = time.monotonic() + DOWNLOAD_SECONDS
        with urllib.request.urlopen(url, timeout=READ_SECONDS) as response, partial.open("wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                if time.monotonic() > deadline:
                    raise OSError(f"not finished after {DOWNLOAD_SECONDS:.0f} s")
        found = hashlib.sha256(partial.read_bytes()).hexdigest()
        if found != sha256:
            raise Problem(f"{url} has the checksum {found}, expected {sha256}", "try again later")
        partial.rename(target)
    except OSError as error:
        raise Problem(f"{url}: {error}", "check the network, then run the same command again") from error
    finally:
        partial.unlink(missing_ok=True)


def text(url: str, limit: float = READ_SECONDS) -> str:
    """Download a small text file.

    Args:
        url: HTTPS address.
        limit: timeout of a read, in seconds.

    Raises:
        Problem: it cannot be downloaded.
    """
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=limit) as response:
            return str(response.read().decode())
    except OSError as error:
        raise Problem(f"{url}: {error}", "check the network, then run the same command again") from error
