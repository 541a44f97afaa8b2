"""A registry that wants a login: refused, accepted, and never shown."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import bcrypt
import docker
import pytest
import requests
import yaml

from tests.e2e import http
from tests.e2e.conftest import NewStack
from tests.e2e.stack import PROJECT, eventually, free_port
from toolchain.debian import Debian
from toolchain.layout import Layout

pytestmark = pytest.mark.e2e


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


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRegistry]:
    folder = tmp_path_factory.mktemp("registry")
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
    yield registry
    process.terminate()
    process.wait(timeout=10)


def test_a_registry_with_a_login(new_stack: NewStack, private: PrivateRegistry, engine: docker.DockerClient) -> None:
    stack = new_stack(registry={"address": private.address, "username": private.user})
    stack.secret("registry.password", "not-the-password")
    text = stack.up().failed().text
    assert "refuses user" in text and "mimir:registry.password" in text
    assert "not-the-password" not in text
    assert not engine.volumes.list(filters=stack.mine)
    stack.secret("registry.password", private.password)
    up = stack.up().ok()
    assert http.get(stack.outputs()["url"], "/health").ok
    assert private.password not in up.text + stack.pulumi("stack", "export").text
    stack.up("--expect-no-changes").ok()
