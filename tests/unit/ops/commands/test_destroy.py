"""`make destroy`: what is removed, what is kept, and what its user is told."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from docker.errors import APIError, DockerException, ImageNotFound

from components.docker import unused_config
from components.docker.engine import engine, kept_images
from ops.commands import destroy

IMAGE = "127.0.0.1:5000/mimir@sha256:" + "ab" * 32

CLUSTER: dict[str, dict[tuple[str, ...], str]] = {
    "prod": {("platform",): "kubernetes", ("kubernetes", "context"): "mine"},
    "team": {
        ("platform",): "kubernetes",
        ("kubernetes", "context"): "mine",
        ("kubernetes", "namespace"): "team",
        ("kubernetes", "createNamespace"): "False",
    },
    "own": {("platform",): "kubernetes", ("kubernetes", "context"): "mine", ("kubernetes", "namespace"): "elsewhere"},
}
"""What the stack files of stacks on a cluster say."""


class Docker:
    """An engine with these volumes of the stack, and one image that may be in use."""

    def __init__(self, *volumes: str, image_error: Exception | None = None) -> None:
        self.images = self.volumes = self
        self.names, self.image_error = volumes, image_error
        self.removed: list[Any] = []
        self.tags: list[str] = []
        self.filters: dict[str, str] = {}

    def get(self, image: str) -> Any:
        return type("Image", (), {"tags": self.tags})()

    def remove(self, image: str, **how: Any) -> None:
        assert not how, "never by force: another stack may run it"
        if self.image_error:
            raise self.image_error
        self.removed.append(image)

    def list(self, filters: dict[str, str]) -> list[Any]:
        self.filters = filters
        return [type("Volume", (), {"name": name})() for name in self.names]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A stack `dev` on an engine of its own; the arguments of every call of the CLI, in order."""
    made: list[str] = []

    def outputs(stack: str) -> dict[str, Any]:
        made.append(f"outputs {stack}")
        return {"image": IMAGE, "volumes": {"data": "mimir-dev-data", "config": "mimir-dev-config-1"}}

    def setting(stack: str, *path: str) -> str | None:
        return {("docker", "host"): "ssh://me@engine", **CLUSTER.get(stack, {})}.get(path)

    def pulumi(*arguments: str, stack: str) -> int:
        made.append(f"{' '.join(arguments)} {stack}")
        return 0

    monkeypatch.setattr(kept_images, "remove_all", lambda _, deployment: made.append(f"forget {deployment}"))
    monkeypatch.setattr(destroy, "outputs", outputs)
    monkeypatch.setattr(destroy, "pulumi", pulumi)
    monkeypatch.setattr(destroy, "recorded", lambda _, __, ___, remove: remove("recorded"))
    monkeypatch.setattr(destroy, "setting", setting)
    return made


def use(patch: pytest.MonkeyPatch, docker: Docker) -> Docker:
    """Make this the engine that the stack file names."""
    hosts = {"ssh://me@engine": docker}
    patch.setattr(engine, "client", lambda host: hosts[host])
    return docker


def test_the_image_is_asked_for_while_the_stack_still_knows_it(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = use(monkeypatch, Docker())
    assert destroy.destroy("dev") == 0
    command = "destroy --yes --skip-preview --exclude-protected --message recorded dev"
    assert calls == ["outputs dev", command, "forget mimir-dev"]
    assert docker.removed == [IMAGE]


def test_an_image_that_another_stack_keeps_stays(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    docker = use(monkeypatch, Docker())
    docker.tags = ["mimir-other-deployed:1"]
    destroy.destroy("dev")
    assert docker.removed == []


@pytest.mark.parametrize("error", [APIError("409 Conflict: image is in use"), ImageNotFound("404 No such image")])
def test_an_image_in_use_or_gone_is_no_failure(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: APIError
) -> None:
    use(monkeypatch, Docker("mimir-dev-data", image_error=error))
    assert destroy.destroy("dev") == 0
    assert "mimir-dev-data" in capsys.readouterr().out


def test_a_stack_that_was_never_deployed_has_no_image(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destroy, "outputs", lambda _: {})
    docker = use(monkeypatch, Docker())
    assert destroy.destroy("dev") == 0
    assert docker.removed == []


def test_nothing_left_is_said(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    docker = use(monkeypatch, Docker())
    destroy.destroy("dev")
    assert "Nothing is left on the engine" in capsys.readouterr().out
    assert docker.filters == {"label": "io.mimir.deployment=mimir-dev"}, "and no other stack's"


def test_what_is_kept_comes_with_the_commands_that_delete_it(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, Docker("mimir-dev-logs", "mimir-dev-data"))
    destroy.destroy("dev")
    said = capsys.readouterr().out
    commands = "".join(f"{line}\n" for line in said.splitlines() if line.startswith("  "))
    stubs = "pulumi() { echo pulumi $*; }\ndocker() { echo docker $*; }\npython3() { :; }\n"
    done = subprocess.run(["sh", "-euc", stubs + commands], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "pulumi state unprotect --all --yes --stack dev",
        "pulumi destroy --yes --stack dev",
        "docker volume rm mimir-dev-data mimir-dev-logs",
    ]


def test_the_configuration_goes_and_is_not_called_data(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pulumi keeps it (config_volume.py)."""
    docker = use(monkeypatch, Docker("mimir-dev-data"))
    monkeypatch.setattr(unused_config, "remove_unused", lambda client, name: docker.removed.append((client, name)))
    destroy.destroy("dev")
    assert docker.removed[0] == (docker, "mimir-dev")


def test_a_destroy_that_failed_removes_nothing_more(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destroy, "pulumi", lambda *_, **__: 255)
    docker = use(monkeypatch, Docker("mimir-dev-data"))
    assert destroy.destroy("dev") == 255
    assert docker.removed == []


def test_an_engine_that_is_away_is_said_and_no_failure(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(_: str) -> None:
        raise DockerException("connection refused")

    monkeypatch.setattr(engine, "client", away)
    assert destroy.destroy("dev") == 0
    assert "connection refused" in capsys.readouterr().out


@pytest.mark.parametrize(("stack", "namespace"), [("prod", "mimir-prod"), ("own", "elsewhere")])
def test_on_a_cluster_the_namespace_with_the_data_is_kept(
    calls: list[str], capsys: pytest.CaptureFixture[str], stack: str, namespace: str
) -> None:
    assert destroy.destroy(stack) == 0
    said = capsys.readouterr().out
    assert f"namespace {namespace}" in said and "mimir-dev-data" in said
    assert "mimir-dev-config-1" not in said, "the configuration holds no data"
    commands = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert commands[-1] == f"kubectl --context mine delete namespace {namespace}"
    assert f"pulumi state unprotect --all --yes --stack {stack}" in commands


def test_an_existing_namespace_is_never_to_be_deleted(calls: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert destroy.destroy("team") == 0
    said = capsys.readouterr().out
    assert "delete namespace" not in said
    assert said.strip().endswith("kubectl --context mine --namespace team delete pvc mimir-dev-data")
