"""A stack for a preview without secrets: what is left of the real one is a configuration that the program accepts."""

from __future__ import annotations

from typing import Any

import pytest

from ops.commands.throw_away import without_secrets
from tests.support.configuration import load, merged
from tests.support.program import SECRET, stack_config

SECURE = {"secure": "v1:abc"}


def prefixed(config: dict[str, Any]) -> dict[str, Any]:
    """As it stands in a stack file."""
    return {f"mimir:{key}": value for key, value in config.items()}


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_committed_stack_can_be_previewed_so(stack: str) -> None:
    config = merged(
        stack_config(stack),
        {
            "environment": {"jwtSecret": SECURE, "secretVariables": {"TOKEN": SECURE}},
            "registry": {"address": "registry.example.com", "username": "ci", "password": SECURE},
            "edge": {
                "tls": {"mode": "given", "certificate": "x", "key": SECURE},
                "authentication": {"apiKeys": {"ci": SECURE}},
            },
        },
    )
    if stack != "dev":
        config["kubernetes"] = {**config.get("kubernetes", {}), "context": "of-the-team", "kubeconfig": "~/team"}
    left = {key.removeprefix("mimir:"): value for key, value in without_secrets(prefixed(config)).items()}
    assert "v1:abc" not in str(left)
    completed = merged(left, {"environment": {"jwtSecret": SECRET}} if stack != "dev" else {})
    settings = load(completed).settings
    assert settings.registry.address == "registry.example.com" and settings.registry.username is None
    assert stack == "dev" or (settings.kubernetes.context, settings.kubernetes.kubeconfig) == ("mimir-test", None)


def test_it_is_for_the_cluster_that_the_user_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIMIR_TEST_CONTEXT", "kind-mimir")
    left = without_secrets(
        {"mimir:platform": "kubernetes", "mimir:kubernetes": {"context": "of-the-team", "replicas": 2}}
    )
    assert left["mimir:kubernetes"] == {"context": "kind-mimir", "replicas": 2}


def test_a_setting_that_is_secret_as_a_whole() -> None:
    assert without_secrets({"mimir:environment": SECURE, "mimir:runtime": "development"}) == {
        "mimir:runtime": "development"
    }
