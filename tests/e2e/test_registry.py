"""A registry that wants a login: refused, accepted, and never shown."""

from __future__ import annotations

import docker
import pytest

from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.private_registry import PrivateRegistry

pytestmark = pytest.mark.e2e


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
