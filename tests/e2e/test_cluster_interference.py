"""What others do to a stack's objects and to its data."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.stack.orphan_processes import VARIABLE
from tests.e2e.conftest import NewClusterStack
from tests.support.e2e import http
from tests.support.e2e.cluster import CONTEXT, OPEN, PROBE, Cluster, ClusterStack
from tests.support.e2e.stack import eventually

pytestmark = pytest.mark.e2e

ENFORCE = "pod-security.kubernetes.io/enforce"


@pytest.fixture(scope="module")
def stack(new_cluster_stack: NewClusterStack, shared_volumes: None) -> Iterator[ClusterStack]:
    """A stack with an edge of two pods."""
    stack = new_cluster_stack(edge=OPEN, kubernetes={"rolloutSeconds": 60})
    stack.up().ok()
    yield stack


def changes(stack: ClusterStack) -> list[str]:
    """Who changed what, as the last look for drift has written it."""
    report = json.loads((stack.folder / f".build/report/drift-{stack.name}.json").read_text())
    return list(report["changedBy"])


def environment(stack: ClusterStack, cluster: Cluster) -> set[str]:
    """Names of the variables that the application's Deployment has."""
    deployment = cluster.apps.read_namespaced_deployment(stack.namespace, stack.namespace)
    return {variable.name for variable in deployment.spec.template.spec.containers[0].env}


def test_what_others_change_and_add_is_named_and_taken_back(stack: ClusterStack, cluster: Cluster) -> None:
    clean = stack.ops("drift", "--detailed-exitcode")
    assert clean.code == 0, clean.text
    name = stack.namespace
    stack.kubectl("set", "env", f"deployment/{name}", "EXTRA=1").ok()
    stack.kubectl("scale", "deployment", f"{name}-edge", "--replicas=1").ok()
    stack.kubectl("label", "namespace", name, f"{ENFORCE}=privileged", "--overwrite").ok()
    stack.kubectl("patch", "networkpolicy", f"{name}-default-deny", "--patch", '{"spec":{"ingress":[{}]}}').ok()
    assert stack.ops("drift", "--detailed-exitcode").code == 2
    text = "\n".join(changes(stack))
    assert re.search(
        rf"Deployment {name}: spec\.template\.spec\.containers\[\w+\]\.env\[EXTRA\] added by kubectl", text
    )
    assert re.search(rf"Deployment {name}-edge: spec\.replicas changed by kubectl", text)
    assert f"Namespace {name}: metadata.labels.{ENFORCE} changed by kubectl-label" in text
    assert f"NetworkPolicy {name}-default-deny: spec.ingress added by kubectl-patch" in text
    refreshed = stack.ops("refresh", "--source", "sample").ok()
    assert re.search(r"env\[EXTRA\] added by kubectl.*; removed", refreshed.text)
    assert "EXTRA" not in environment(stack, cluster)
    stack.ready(cluster, 2, "edge")
    assert cluster.core.read_namespace(name).metadata.labels[ENFORCE] == "restricted"
    assert not cluster.networking.read_namespaced_network_policy(f"{name}-default-deny", name).spec.ingress
    clean = stack.ops("drift", "--detailed-exitcode")
    assert clean.code == 0, clean.text


def test_a_conflict_has_its_reason_at_once_and_a_way_out(stack: ClusterStack, cluster: Cluster) -> None:
    stack.kubectl("scale", "deployment", f"{stack.namespace}-edge", "--replicas=1").ok()
    stack.ready(cluster, 1, "edge")
    stack.write(edge={"memoryMib": 160})
    began = time.monotonic()
    text = stack.up().failed().text
    assert time.monotonic() - began < 60, "nothing is waited for"
    assert f"Workload {stack.namespace}-edge was not accepted by the cluster" in text
    assert 'conflict with "kubectl"' in text and ".spec.replicas" in text
    assert "1 pod of it serves on" in text and "then make refresh" in text
    assert "did not become ready" not in text
    stack.ops("refresh", "--source", "sample").ok()
    stack.ready(cluster, 2, "edge")


def test_a_claim_that_is_being_deleted_stops_everything_and_its_data_can_be_kept(
    stack: ClusterStack, cluster: Cluster
) -> None:
    """The steps of docs/kubernetes.md, «When a claim is being deleted»."""
    name = stack.namespace
    http.note(stack.url, "kept")
    stack.kubectl("delete", "persistentvolumeclaim", f"{name}-data", "--wait=false").ok()
    drift = stack.ops("drift", "--detailed-exitcode")
    assert drift.code == 3, drift.text
    assert "data is being deleted" in drift.text and f"claim {name}-data" in drift.text
    text = stack.up().failed().text
    assert "is deleted with its data" in text
    [keep] = {line.partition("fix")[2].strip() for line in text.splitlines() if "patch persistentvolume" in line}
    subprocess.run(shlex.split(keep), check=True)
    volume = cluster.core.read_namespaced_persistent_volume_claim(f"{name}-data", name).spec.volume_name
    assert "stays" in stack.up().failed().text
    stack.kubectl("scale", "deployment", name, "--replicas=0").ok()
    stack.kubectl("wait", "--for=delete", f"persistentvolumeclaim/{name}-data", "--timeout=60s").ok()
    reference = json.dumps({"spec": {"claimRef": {"uid": None, "resourceVersion": None}}})
    subprocess.run(
        ["kubectl", "--context", CONTEXT, "patch", "persistentvolume", volume, "--type=merge", "--patch", reference],
        check=True,
    )
    stack.ops("refresh", "--source", "sample").ok()
    stack.ready(cluster, 1)
    assert http.notes(stack.url) == ["kept"]
    patch: dict[str, Any] = {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}
    cluster.core.patch_persistent_volume(volume, patch)  # so that it goes with the stack


def marked(folder: Path) -> dict[int, str]:
    """Processes that a command of this checkout has started, directly or not, with their programs."""
    prefix = f"{VARIABLE}={folder}|".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(text.startswith(prefix) for text in (process / "environ").read_bytes().split(b"\0")):
                found[int(process.name)] = Path((process / "cmdline").read_text().split("\0")[0]).name
        except OSError:
            continue
    return found


def test_a_killed_cli_leaves_no_process(new_cluster_stack: NewClusterStack, cluster: Cluster) -> None:
    stack = new_cluster_stack(probe={**PROBE, "path": "/no-such-path"})
    command = stack.start_ops("up")
    eventually("it waits for a pod", lambda: cluster.has_namespace(stack.namespace) and stack.pods(cluster), 180)
    programs = marked(stack.folder)
    assert "pulumi-resource-kubernetes" in programs.values(), programs
    os.kill(next(process for process, program in programs.items() if program == "pulumi"), signal.SIGKILL)
    text, _ = command.communicate(timeout=60)
    assert command.returncode != 0
    assert "Ended orphaned processes of a killed Pulumi CLI" in text
    assert marked(stack.folder) == {}
