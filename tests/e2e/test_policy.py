"""The policy pack in the real CLI: it stops what is unsafe before it exists, and lets the rest be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import docker
import pytest

from ops.update import policy_packs
from tests.e2e.conftest import NewClusterStack, NewStack
from tests.support.e2e.credentials import STRONG
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import Stack

pytestmark = pytest.mark.e2e

PLAIN = "Zx9kQ2vT7mB4nR6wL8jH1pD3aaQ9"
"""A secret in the clear, which the settings' own checks do not know as one."""

UNSAFE: dict[str, Any] = {
    "docker": {"bindAddress": "0.0.0.0"},
    "edge": {"tls": {"mode": "off"}, "authentication": {"required": False}},
    "volumes": {"protected": ["data", "logs"]},
}
"""Valid, and nothing for production."""

PRODUCTION = "production"
JWT_SECRET = "environment.jwtSecret"


def flags(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """What `make preview` and `make up` would tell the CLI."""
    monkeypatch.chdir(stack.folder)
    return policy_packs.flags(stack.name)


def unsafe(new_stack: NewStack, more: Mapping[str, Any]) -> Stack:
    """A stack of unsafe settings."""
    variables = {"environment": {"port": free_port(), "variables": {"SALT": PLAIN}}}
    return new_stack(**UNSAFE, **variables, **more)


def test_development_is_told_and_goes_on(new_stack: NewStack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = unsafe(new_stack, {})
    told = stack.preview(*flags(stack, monkeypatch)).ok()
    for rule in ("tls", "secrets", "volume-protected"):
        assert f"]  {rule}  (docker:index:" in told.text
    assert "[advisory]" in told.text and "[mandatory]" not in told.text
    assert PLAIN not in told.text


def test_production_is_stopped_and_says_why_and_what_to_do(
    new_stack: NewStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = unsafe(new_stack, {"runtime": PRODUCTION})
    stack.secret(JWT_SECRET, STRONG)
    stopped = stack.preview(*flags(stack, monkeypatch)).failed()
    assert "[mandatory] [severity: high]  tls  (docker:index:Container: mimir-edge)" in stopped.text
    assert "fix: turn TLS on (`mimir:edge.tls`)" in stopped.text
    assert "mimir-volumes-plugins: options.protect is false; allowed: true." in stopped.text
    assert PLAIN not in stopped.text and STRONG not in stopped.text

    stack.write(docker={"bindAddress": "127.0.0.1"}, volumes={"protected": ["data", "logs", "plugins"]})
    stack.write(environment={"variables": {}})
    passed = stack.preview(*flags(stack, monkeypatch)).ok()
    assert "✅ mimir-policy" in passed.text


def test_an_update_stops_before_an_unsafe_container_exists(
    new_stack: NewStack, monkeypatch: pytest.MonkeyPatch, engine: docker.DockerClient
) -> None:
    """Not the settings are unsafe here but the program: somebody has edited what makes containers harmless."""
    stack = new_stack(runtime=PRODUCTION)
    stack.secret(JWT_SECRET, STRONG)
    hardened = stack.folder / "components/docker/container_defaults.py"
    hardened.write_text(hardened.read_text().replace('f"{USER_ID}:{USER_ID}"', '"0:0"'))
    stopped = stack.up(*flags(stack, monkeypatch)).failed()
    assert "[mandatory] [severity: high]  non-root  (docker:index:Container: " in stopped.text
    assert "user is '0:0'" in stopped.text
    assert not engine.containers.list(filters=stack.mine)


def test_a_cluster_gets_only_what_is_safe(new_cluster_stack: NewClusterStack, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = {"kind": "haproxy", "paths": ["/api/v1/answer"]}
    stack = new_cluster_stack(runtime=PRODUCTION, edge=edge, kubernetes={"serviceType": "ClusterIP"})
    stack.secret(JWT_SECRET, STRONG)
    passed = stack.preview(*flags(stack, monkeypatch)).ok()
    assert "✅ mimir-policy" in passed.text

    stack.write(volumes={"protected": []}, kubernetes={"serviceType": "NodePort"}, edge={"tls": {"mode": "off"}})
    stack.write(edge={"authentication": {"required": False}})
    policies = stack.folder / "components/kubernetes/namespace/network_policies.py"
    policies.write_text(policies.read_text().replace('policy_types=["Ingress", "Egress"]', 'policy_types=["Ingress"]'))
    stopped = stack.preview(*flags(stack, monkeypatch)).failed()
    for found in (
        "tls  (kubernetes:core/v1:Service: mimir-service)",
        "volume-protected  (kubernetes:core/v1:PersistentVolumeClaim: mimir-volumes-data)",
        "namespace-protected  (kubernetes:core/v1:Namespace: mimir-namespace)",
        "network-policy  (kubernetes:apps/v1:Deployment: mimir",
    ):
        assert f"]  {found}" in stopped.text
