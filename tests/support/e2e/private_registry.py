"""A registry of the tests' own, which wants a login."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import requests
import yaml

from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import eventually
from tests.support.project import PROJECT
from toolchain.debian import Debian
from toolchain.layout import Layout


def program() -> str:
    """The registry's program: the machine's, or the Debian package that the toolchain unpacks."""
    installed = shutil.which("docker-registry")
    package = Debian(Layout.of(PROJECT, os.environ), os.environ)
    return installed or str(package.unpack("docker-registry").program("docker-registry"))


@dataclass(frozen=True)
class PrivateRegistry:
    """A registry of the tests' own that wants a login."""

    address: str
    user: str = "pusher"
    password: str = "correct-horse-battery-staple-9"


@contextmanager
def serve(folder: Path) -> Iterator[PrivateRegistry]:
    """A registry that keeps everything in `folder`, and ends with the block."""
    registry = PrivateRegistry(f"127.0.0.1:{free_port()}")
    hashed = bcrypt.hashpw(registry.password.encode(), bcrypt.gensalt(prefix=b"2a")).decode()
    (folder / "htpasswd").write_text(f"{registry.user}:{hashed}\n")
    config = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": f"{folder}/data"}},
        "http": {"addr": registry.address},
        "auth": {"htpasswd": {"realm": "test", "path": f"{folder}/htpasswd"}},
    }
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program(), "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    eventually("the registry", lambda: requests.get(f"http://{registry.address}/v2/", timeout=2).status_code == 401)
    try:
        yield registry
    finally:
        process.terminate()
        process.wait(timeout=10)
