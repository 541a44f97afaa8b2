"""From the first `make up` to `make destroy`, with the commands that a person types, and what survives them."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.credentials import STRONG, TOKEN
from tests.support.e2e.printed import delete_data
from tests.support.e2e.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")]

KEY = "k-8Tq2-of-an-end-to-end-test"
HASH = hashlib.sha256(KEY.encode()).hexdigest()
CALLER: dict[str, Any] = {"headers": {"X-API-Key": KEY}, "verify": False}
"""How a request is made to production: with a key, and to a certificate that nobody vouches for."""


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Iterator[Stack]:
    stack = new_stack(runtime="production", registry={"repository": "lifecycle"})
    stack.secret("environment.jwtSecret", STRONG)
    stack.secret("environment.secretVariables.API_TOKEN", TOKEN)
    stack.secret("edge.authentication.apiKeys.ci", HASH)
    yield stack


def test_production_runs_and_no_secret_is_in_the_clear(stack: Stack, engine: docker.DockerClient) -> None:
    said = stack.ops("up").ok().text
    outputs = stack.outputs()
    assert f"\n    url: {outputs['url']}\n" in said and "docker:index:Container mimir-edge created" in said
    assert "\n#" not in said, "of a build there are the steps that took long, and not BuildKit's progress"
    assert http.get(stack.behind(), "/api/v1/config").json()["logging"]["format"] == "json"
    said += stack.pulumi("stack", "export").text + str(outputs) + stack.pulumi("stack", "--show-urns").text
    said += "".join(file.read_text(errors="replace") for file in stack.backend.rglob("*") if file.is_file())
    said += stack.file.read_text() + stack.preview("--diff").text
    container = engine.containers.get(outputs["container"])
    said += container.logs().decode() + str(container.top()) + str(container.attrs["Config"]["Labels"])
    assert STRONG not in said and TOKEN not in said and HASH not in said
    env = container.attrs["Config"]["Env"]
    assert f"API_TOKEN={TOKEN}" in env, "the process does get its secret"
    assert not any(STRONG in value for value in env), "the application would show it to anyone"
    assert "mimir:environment.jwtSecret" in said, "and the user is told"


def test_destroy_keeps_the_data_and_says_so_and_the_next_up_has_it(stack: Stack, engine: docker.DockerClient) -> None:
    http.note(stack.outputs()["url"], "survives", **CALLER)
    image = stack.outputs()["image"]
    said = stack.ops("destroy").ok().text
    volumes = [f"mimir-{stack.name}-{name}" for name in ("data", "logs", "plugins")]
    for name in volumes:
        assert name in said and engine.volumes.get(name)
    assert "docker volume rm" in said
    assert not engine.containers.list(all=True, filters=stack.mine) and not engine.networks.list(filters=stack.mine)
    assert engine.images.list(name=f"mimir-{stack.name}-deployed") == []
    left = [one for one in engine.images.list() if image in (one.attrs.get("RepoDigests") or [])]
    assert all(one.tags for one in left), "only what another stack keeps, whose image may be the same"
    assert {volume.name for volume in engine.volumes.list(filters=stack.mine)} == set(volumes)
    stack.ops("up").ok()
    assert http.notes(stack.outputs()["url"], **CALLER) == ["survives"]


def test_a_plain_destroy_refuses_to_delete_data(stack: Stack, engine: docker.DockerClient) -> None:
    text = stack.pulumi("destroy", "--yes", "--stack", stack.name).failed().text
    assert "protected" in text
    assert http.notes(stack.outputs()["url"], **CALLER) == ["survives"]


def test_what_destroy_says_removes_the_rest(stack: Stack, engine: docker.DockerClient) -> None:
    delete_data(stack, stack.ops("destroy").ok().text)
    assert not engine.volumes.list(filters=stack.mine)
    assert "docker:index" not in stack.pulumi("stack", "--stack", stack.name, "--show-urns").text


def test_a_source_of_another_place_for_one_run(new_stack: NewStack, tmp_path: Path) -> None:
    """`SOURCE=`: a git URL with a commit, which the stack file does not remember."""
    stack = new_stack()
    sample = stack.folder / "sample"
    run = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "sample"]):
        subprocess.run([*run, *arguments], cwd=sample, check=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=sample, capture_output=True, check=True, text=True)
    url = f"file://{sample}"
    assert f"{url}#{commit.stdout.strip()}" in stack.ops("up", "--source", url).failed().text
    before = stack.file.read_text()
    stack.ops("up", "--source", f"{url}#{commit.stdout.strip()}").ok()
    assert commit.stdout[:12] in stack.pulumi("stack", "export").text
    assert "mimir:source" not in stack.file.read_text() and before.split("encryptionsalt")[0] in stack.file.read_text()


def test_a_checkout_gets_a_passphrase_of_its_own(new_stack: NewStack) -> None:
    """The README's steps to a production stack, in a shell that knows of no passphrase."""
    stack = new_stack()
    (stack.folder / "Pulumi.fresh.yaml").write_text("config: {}\n")
    env = {name: value for name, value in stack.environment().items() if name != "PULUMI_CONFIG_PASSPHRASE"}

    def shell(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-ec", command], cwd=stack.folder, env=env, capture_output=True, text=True)

    def works(command: str) -> None:
        done = shell(command)
        assert done.returncode == 0, done.stdout + done.stderr

    works("python3 -m toolchain ensure --group pulumi")
    works("python -m ops stack --stack fresh")
    assert (stack.folder / ".passphrase").stat().st_mode & 0o777 == 0o600
    secret = "pulumi config set --path --secret mimir:environment.jwtSecret " + STRONG
    works(f'eval "$(python3 -m toolchain env)"; {secret}')
    works("python -m ops preview --stack fresh")
    (stack.folder / ".passphrase").unlink()
    done = shell("python -m ops preview --stack fresh")
    assert done.returncode != 0 and "passphrase that this checkout does not have" in done.stderr
