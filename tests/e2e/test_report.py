"""What a reviewer is told of a change, and of what happened behind Pulumi's back: the real CLI, engine and cluster."""

from __future__ import annotations

import json
import re
from typing import Any

import docker
import pytest

from tests.e2e.conftest import NewClusterStack, NewStack
from tests.support.e2e import http
from tests.support.e2e.cluster import OPEN, Cluster, ClusterStack
from tests.support.e2e.ports import free_port
from tests.support.e2e.stack import Stack

pytestmark = pytest.mark.e2e

SECRET = "quite-a-secret-of-ours"


@pytest.fixture(scope="module")
def stack(new_stack: NewStack) -> Stack:
    """A deployed stack on the engine."""
    made = new_stack(registry={"repository": "report"})
    made.secret("environment.secretVariables.PARTNER_TOKEN", SECRET)
    made.up().ok()
    return made


@pytest.fixture(scope="module")
def on_cluster(new_cluster_stack: NewClusterStack, shared_volumes: None) -> ClusterStack:
    """A deployed stack on the cluster."""
    made = new_cluster_stack(edge=OPEN)
    made.up().ok()
    return made


def written(stack: Stack, name: str = "") -> dict[str, Any]:
    """The JSON report that the last command wrote."""
    return dict(json.loads((stack.folder / f".build/report/{name or stack.name}.json").read_text()))


class Changed:
    """Settings for the time of one test."""

    def __init__(self, stack: Stack, **sections: Any) -> None:
        self.stack, self.sections = stack, sections

    def __enter__(self) -> None:
        self.before = self.stack.file.read_text(), json.loads(json.dumps(self.stack.config))
        self.stack.write(**self.sections)

    def __exit__(self, *_: object) -> None:
        text, self.stack.config = self.before
        self.stack.file.write_text(text)


def containers(stack: Stack) -> set[str | None]:
    """The ids of what the stack has on the engine."""
    return {one.id for one in docker.from_env().containers.list(all=True, filters=stack.mine)}


def test_no_change_is_said_as_such(stack: Stack) -> None:
    result = stack.ops("preview", "--detailed-exitcode")
    assert result.code == 0, result.text
    assert f"Preview of `{stack.name}`: nothing to change" in result.text


def test_a_harmless_change(stack: Stack) -> None:
    before = containers(stack)
    with Changed(stack, edge={"paths": ["/api/v1/answer"]}):
        result = stack.ops("preview", "--detailed-exitcode")
    assert result.code == 2, result.text
    assert "1 change, no interruption" in result.text
    said = written(stack)
    assert (said["interruptions"], said["restarts"], said["volumes"]) == ([], [], [])
    assert said["remarks"] == ["the edge reads a new configuration; no connection is closed"]
    assert said["settings"] == ["edge.paths"]
    assert containers(stack) == before, "a preview changes nothing"


def test_a_restarting_change_has_the_digest_that_the_update_pushes(stack: Stack) -> None:
    main = stack.folder / "sample/main.go"
    source = main.read_text()
    main.write_text(f"{source}\nvar Changed = true\n")
    tags = http.tags("127.0.0.1:5000", "report")
    try:
        with Changed(stack, environment={"logLevel": "WARN"}):
            result = stack.ops("preview", "--detailed-exitcode")
            assert result.code == 2, result.text
            said = written(stack)
            assert said["interruptions"] == []
            [restart] = said["restarts"]
            assert restart.startswith("application, 1 container: ")
            assert "image" in restart
            assert said["settings"] == ["environment.logLevel"]
            assert http.tags("127.0.0.1:5000", "report") == tags, "nothing is pushed for a pull request"
            [promised] = re.findall(r"rebuilt, `(sha256:[0-9a-f]{64})`", said["image"])
            stack.up().ok()
            assert stack.outputs()["digest"] == promised
    finally:
        main.write_text(source)
    stack.up().ok()


def test_an_interrupting_change(stack: Stack) -> None:
    with Changed(stack, edge={"port": free_port()}):
        result = stack.ops("preview", "--detailed-exitcode")
    assert result.code == 2, result.text
    assert "⚠️ an interruption" in result.text
    [interruption] = written(stack)["interruptions"]
    assert "its port is closed for a second or two" in interruption


def test_a_mistake_is_an_error_with_its_fix(stack: Stack) -> None:
    with Changed(stack, limits={"memoryMib": "much"}):
        result = stack.ops("preview", "--detailed-exitcode")
    assert result.code == 1, result.text
    assert "❌ would fail" in result.text
    assert "pulumi config set --path 'mimir:limits.memoryMib' 256" in result.text


def test_a_destructive_change_wants_to_be_allowed_by_name(on_cluster: ClusterStack, cluster: Cluster) -> None:
    with Changed(on_cluster, volumes={"data": {"accessMode": "ReadWriteOnce"}}):
        refused = on_cluster.ops("preview", "--detailed-exitcode")
        said = written(on_cluster)
        label = f"allow: {said['destructive'][0]['name']}"
        allowed = on_cluster.ops("preview", "--detailed-exitcode", MIMIR_ALLOW_LABELS=json.dumps(["bug", label]))
    assert refused.code == 3, refused.text
    assert "⛔" in refused.text
    assert [(one["name"], one["kind"]) for one in said["destructive"]] == [("mimir-volumes-data", "replace")]
    assert "an empty one takes its place" in said["volumes"][0]
    assert allowed.code == 1, "Pulumi itself still refuses what is protected"
    assert "allowed; protected, so Pulumi refuses it" in allowed.text
    assert cluster.core.read_namespaced_persistent_volume_claim(f"{on_cluster.namespace}-data", on_cluster.namespace)


def test_pods_that_restart_and_why(on_cluster: ClusterStack) -> None:
    with Changed(on_cluster, environment={"logLevel": "WARN"}):
        result = on_cluster.ops("preview", "--detailed-exitcode")
    assert result.code == 2, result.text
    [restart] = written(on_cluster)["restarts"]
    assert restart.startswith("application, 1 pod: ")
    assert "environment variable MIMIR_LOG_LEVEL" in restart
    assert written(on_cluster)["interruptions"] == []


def test_drift_is_found_and_reported(on_cluster: ClusterStack, cluster: Cluster) -> None:
    assert on_cluster.ops("drift", "--detailed-exitcode").code == 0
    on_cluster.kubectl("scale", "deployment", f"{on_cluster.namespace}-edge", "--replicas=1").ok()
    on_cluster.kubectl("delete", "poddisruptionbudget", on_cluster.namespace).ok()
    result = on_cluster.ops("drift", "--detailed-exitcode")
    assert result.code == 2, result.text
    found = {
        (one["name"], one["kind"], *one["paths"]) for one in written(on_cluster, f"drift-{on_cluster.name}")["changes"]
    }
    assert ("mimir-edge", "update", "spec.replicas") in found
    assert ("mimir-scaling-budget", "delete") in found


LEAK = f"""
import os
pulumi.export("in_the_clear", "{SECRET}")
pulumi.export("encoded", __import__("base64").b64encode(b"{SECRET}").decode())
pulumi.log.warn("the partner's token is {SECRET}")
if os.environ.get("FAIL"):
    raise pulumi.RunError("refused: {SECRET}")
"""


@pytest.mark.parametrize("fail", ["", "yes"])
def test_no_secret_is_in_a_report_whatever_the_program_does(stack: Stack, fail: str) -> None:
    """Through the configuration, a variable, an output, the diff of a property, a warning and an error."""
    program = stack.folder / "__main__.py"
    source = program.read_text()
    program.write_text(source + LEAK)
    try:
        with Changed(stack, environment={"variables": {"COPY": f"Bearer {SECRET}"}, "secretVariables": {}}):
            result = stack.ops("preview", "--detailed-exitcode", FAIL=fail)
    finally:
        program.write_text(source)
    assert result.code == (1 if fail else 2), result.text
    assert "[secret]" in result.text
    files = list((stack.folder / ".build/report").glob(f"{stack.name}.*"))
    assert len(files) == 4
    for text in [result.text, *(file.read_text() for file in files)]:
        assert SECRET not in text
        assert "cXVpdGUtYS1zZWNyZXQtb2Ytb3Vyc" not in text, "in base64"
