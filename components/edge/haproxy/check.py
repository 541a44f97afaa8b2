"""Checks a configuration with the HAProxy on this machine, if there is one, before any resource is created.

Its version may differ from the image's. One that is too old, or was built without a feature that the configuration
needs, is not used.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from components.edge import self_signed
from components.edge.haproxy.files import CERTIFICATE, CONFIGURATION, USERS, Files
from components.problems import Problem

MIN_VERSION = (2, 6)
TIMEOUT_SECONDS = 10
MIN_SECRET_LENGTH = 16
"""Shorter words of the secret files are HAProxy's keywords."""


def configuration_problems(files: Files) -> list[Problem] | None:
    """What HAProxy rejects in the configuration.

    The files are in a folder that only this user can read, and are deleted afterwards. A temporary certificate replaces
    one that is created later, or that the platform provides.

    Returns:
        None if no suitable HAProxy is installed, or if it does not finish in time.
    """
    program = shutil.which("haproxy")
    if program is None or not _is_suitable(program):
        return None
    texts = {**files.plain, **files.secret}
    if CERTIFICATE in texts[CONFIGURATION] and CERTIFICATE not in texts:
        temporary = self_signed.make(["check"])
        texts |= {CERTIFICATE: temporary["chain"], f"{CERTIFICATE}.key": temporary["key"]}
    with tempfile.TemporaryDirectory(prefix="mimir-edge-") as name:  # created with mode 0700
        folder = Path(name)
        for file, text in texts.items():
            path = folder / file
            path.touch(mode=0o600)
            path.write_text(text)
        result = _run([program, "-c", "-f", CONFIGURATION, "-f", USERS], folder)
    if result is None:
        return None
    if result.returncode == 0:
        return []
    message = _without_secrets(result.stderr or result.stdout, files)
    fix = "haproxy -v   # the image's version may differ; otherwise correct the setting that the message names"
    return [Problem("mimir:edge", message, "a configuration that HAProxy accepts", fix)]


@cache
def _is_suitable(program: str) -> bool:
    """Whether this HAProxy is new enough, and has Lua and OpenSSL."""
    result = _run([program, "-vv"], Path())
    output = result.stdout if result else ""
    version = re.search(r"version (\d+)\.(\d+)", output)
    if version is None or (int(version[1]), int(version[2])) < MIN_VERSION:
        return False
    return "+LUA" in output and "+OPENSSL" in output


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str] | None:
    """The result of the command; None if it cannot run or does not finish in time."""
    try:
        return subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _without_secrets(output: str, files: Files) -> str:
    """The errors and warnings in one line, without any word of a secret file."""
    secrets = {word for text in files.secret.values() for word in text.split() if len(word) >= MIN_SECRET_LENGTH}
    for secret in sorted(secrets, key=len, reverse=True):
        output = output.replace(secret, "(not shown)")
    lines = [line.strip() for line in output.splitlines() if "[ALERT]" in line or "[WARNING]" in line]
    return " ".join(lines) or output.strip()
