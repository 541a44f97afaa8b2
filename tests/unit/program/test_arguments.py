"""No value of a setting becomes an option of a program that runs on the deployer's machine."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from components.kubernetes.cluster.kubeconfig import Access
from tests.support.configuration import at, merged, problem, settings

REGISTRY = at("registry.address", "registry.example.com")


@pytest.mark.parametrize(
    "host",
    ["ssh://-oProxyCommand=touch%20x", "ssh://-oProxyCommand=x@engine", "ssh://me@-oProxyCommand=x", "ssh://a b@c"],
)
def test_the_engine_is_no_option_of_ssh(host: str) -> None:
    assert problem(merged(REGISTRY, at("docker.host", host))).key == "mimir:docker.host"


@pytest.mark.parametrize("host", ["ssh://engine", "ssh://me@engine.example.com:2222", "ssh://me@[2001:db8::1]"])
def test_an_engine_over_ssh(host: str) -> None:
    assert settings(merged(REGISTRY, at("docker.host", host))).docker.host == host


@pytest.mark.parametrize("context", ["a b", "x --kubeconfig=/tmp/other", "$(touch x)", "arn:aws:eks:eu:1:cluster/x"])
def test_a_context_is_one_word_of_what_is_run_later(context: str) -> None:
    access = Access({"current-context": context}, "https://127.0.0.1", "/home/me/kube config")
    assert shlex.split(access.kubectl) == ["kubectl", "--kubeconfig", "/home/me/kube config", "--context", context]


def test_a_file_of_the_project_is_no_option_of_a_scanner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ops.supply.scanners import secrets

    monkeypatch.chdir(tmp_path)
    Path(".secrets.baseline").write_text('{"results": {}}')
    Path("--slim").write_text("x")
    asked: list[str] = []
    monkeypatch.setattr(secrets, "git", lambda *_: b"--slim\0a.py\0")
    Path("a.py").write_text("x")

    def answer(argv: list[str], _: type) -> dict[str, dict[str, str]]:
        asked.extend(argv)
        return {"results": {}}

    monkeypatch.setattr(secrets, "answer", answer)
    secrets.scan()
    assert asked == ["detect-secrets", "scan", "./--slim", "a.py"]
