"""What becomes of a stack's state: an update that is killed, two at once, who deployed what, and a move elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.e2e.conftest import NewStack
from tests.support.e2e import http
from tests.support.e2e.stack import PASSPHRASE, Stack, eventually, kill_group

pytestmark = pytest.mark.e2e

TOKEN = "tok-3Kc9-which-moves-with-the-state"
NEW_PASSPHRASE = "another-passphrase-for-tests"


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Stack:
    """A stack with a secret and data, deployed as its user does."""
    stack = new_stack(registry={"repository": "state"})
    stack.secret("environment.secretVariables.API_TOKEN", TOKEN)
    stack.ops("up").ok()
    http.note(stack.outputs()["url"], "survives")
    return stack


def deployments(stack: Stack) -> list[dict[str, Any]]:
    """What the audit log says, the last one first; it must be whole."""
    said = stack.ops("deployments", "--json").ok()
    return list(json.loads(said.text)["deployments"])


def resources(stack: Stack) -> set[tuple[str, str]]:
    """URN and id of what the state has, but of the containers, which an update replaces."""
    state = json.loads(stack.pulumi("stack", "export", "--stack", stack.name).ok().text)["deployment"]
    assert not state.get("pending_operations")
    return {
        (one["urn"], "" if one["type"] == "docker:index/container:Container" else one.get("id", ""))
        for one in state["resources"]
    }


def on_the_engine(stack: Stack, engine: docker.DockerClient) -> tuple[int, set[str]]:
    """How many containers there are, and the names of the volumes."""
    volumes = {volume.name for volume in engine.volumes.list(filters=stack.mine)}
    return len(engine.containers.list(all=True, filters=stack.mine)), volumes


def test_a_killed_update_and_one_beside_it_lose_nothing(stack: Stack, engine: docker.DockerClient) -> None:
    """`make up` is killed in the middle while a second one asks; after `pulumi cancel` the next finds everything."""
    before, there = resources(stack), on_the_engine(stack, engine)
    endless = {"path": "/no-such-path", "startPeriodSeconds": 120}  # its trial lasts until it is killed
    stack.write(probe=endless, environment={"variables": {"VERSION": "2"}})
    update = stack.start_ops("up")
    eventually("the trial of a new version", lambda: on_the_engine(stack, engine)[0] > there[0], 60)
    assert "currently locked" in stack.ops("up").failed().text
    assert update.poll() is None, "the first goes on"
    kill_group(update)
    assert http.notes(stack.outputs()["url"]) == ["survives"], "the version before it serves on"
    stack.write(probe={"path": "/health", "startPeriodSeconds": 5})
    said = stack.ops("up").failed().text
    assert "currently locked" in said
    assert said.splitlines()[-1].endswith(f"pulumi cancel --yes {stack.name}"), "what to do is last"
    stack.pulumi("cancel", "--yes", stack.name).ok()
    stack.ops("up").ok()
    assert http.notes(stack.outputs()["url"]) == ["survives"]
    assert resources(stack) == before
    assert on_the_engine(stack, engine) == there, "nothing of the killed one is left, and no volume is new"
    recorded = deployments(stack)
    assert [one["result"] for one in recorded] == ["succeeded", "refused", "refused", "unfinished", "succeeded"]
    assert f"Deployment {recorded[3]['id']}" in said


def test_who_deployed_which_digest(stack: Stack) -> None:
    digest = stack.outputs()["digest"]
    last, *_, first = deployments(stack)
    assert first["before"] is None and first["image"].endswith(f"state@{digest}")
    assert first["changes"]["create"] > 10 and last["who"]["login"] and last["finished"] > last["started"]
    stack.up().ok()  # past `make`
    past = deployments(stack)[0]
    assert past["command"] == "pulumi update" and "not recorded" in past["note"]
    assert digest.removeprefix("sha256:")[:12] in stack.ops("deployments", "--digest", digest, "--limit", "1").ok().text


def texts(folders: list[Path]) -> str:
    """Everything in these folders and files."""
    files = [file for folder in folders for file in ([folder] if folder.is_file() else folder.rglob("*"))]
    return "".join(file.read_text(errors="replace") for file in files if file.is_file())


def test_a_state_is_moved_with_its_secrets_and_log_to_another_passphrase(
    stack: Stack, engine: docker.DockerClient, tmp_path: Path
) -> None:
    new = tmp_path / "state"
    new.mkdir()
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(NEW_PASSPHRASE)
    before, container = resources(stack), stack.outputs()["container"]
    known = [one["id"] for one in deployments(stack) if one["id"]]
    said = stack.ops("move-state", "--to", f"file://{new}", "--passphrase-file", str(passphrase)).ok().text
    assert "equal in both backends" in said and "a preview there shows no change" in said
    assert f"PULUMI_BACKEND_URL=file://{new}" in stack.ops("up").failed().text, "nobody deploys from the old place"

    stack.env |= {"PULUMI_BACKEND_URL": f"file://{new}", "PULUMI_CONFIG_PASSPHRASE": NEW_PASSPHRASE}
    try:
        assert resources(stack) == before
        stack.ops("up").ok()
        newest, moved, *rest = deployments(stack)
        assert (newest["result"], newest["changes"].keys()) == ("succeeded", {"same"})
        assert moved["command"] == "move-state" and [one["id"] for one in rest] == known
        assert stack.outputs()["container"] == container
        assert f"API_TOKEN={TOKEN}" in engine.containers.get(container).attrs["Config"]["Env"]
        assert http.notes(stack.outputs()["url"]) == ["survives"]
        stack.env["PULUMI_CONFIG_PASSPHRASE"] = PASSPHRASE
        opened = stack.pulumi("stack", "export", "--show-secrets", "--stack", stack.name)
        assert "incorrect passphrase" in opened.failed().text, "the old one opens nothing there"
    finally:
        stack.env.clear()
    written = texts([new, stack.backend, stack.folder / ".build/move-state", stack.file])
    assert TOKEN not in written and NEW_PASSPHRASE not in written and PASSPHRASE not in written + said
