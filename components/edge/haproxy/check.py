"""HAProxy's own opinion of a configuration, where the program is on this machine: before anything is created.

The image has another version than the machine perhaps; so a program that is too old, or was built without what the
configuration needs, is not asked.
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

OLDEST = (2, 6)
SECONDS = 10
LEAST_SECRET = 16
"""Words of the secret files that are shorter are HAProxy's own."""


def problems(files: Files) -> list[Problem] | None:
    """What HAProxy says against the configuration; None where it could not be asked.

    The files lie in a folder that only this user can read, for as long as the program runs. A certificate that is made
    later, or that the platform brings, has a throw-away one in its place.
    """
    program = shutil.which("haproxy")
    if program is None or not _is_able(program):
        return None
    texts = {**files.plain, **files.secret}
    if CERTIFICATE in texts[CONFIGURATION] and CERTIFICATE not in texts:
        stand_in = self_signed.make(["check"])
        texts |= {CERTIFICATE: stand_in["chain"], f"{CERTIFICATE}.key": stand_in["key"]}
    with tempfile.TemporaryDirectory(prefix="mimir-edge-") as name:  # made with mode 0700
        folder = Path(name)
        for file, text in texts.items():
            path = folder / file
            path.touch(mode=0o600)
            path.write_text(text)
        said = _run([program, "-c", "-f", CONFIGURATION, "-f", USERS], folder)
    if said is None or said.returncode == 0:
        return None if said is None else []
    found = _without_secrets(said.stderr or said.stdout, files)
    fix = "haproxy -v   # the image's version may differ; otherwise mend the setting that the message is about"
    return [Problem("mimir:edge", found, "a configuration that HAProxy accepts", fix)]


@cache
def _is_able(program: str) -> bool:
    """Whether this HAProxy is new enough, and has Lua and OpenSSL."""
    said = _run([program, "-vv"], Path())
    text = said.stdout if said else ""
    version = re.search(r"version (\d+)\.(\d+)", text)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        return False
    return "+LUA" in text and "+OPENSSL" in text


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str] | None:
    """The program's answer; None where it gives none in time."""
    try:
        return subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _without_secrets(said: str, files: Files) -> str:
    """The complaint in one line, without anything that stands in a secret file."""
    words = {word for text in files.secret.values() for word in text.split() if len(word) >= LEAST_SECRET}
    for word in sorted(words, key=len, reverse=True):
        said = said.replace(word, "(not shown)")
    lines = [line.strip() for line in said.splitlines() if "[ALERT]" in line or "[WARNING]" in line]
    return " ".join(lines) or said.strip()
