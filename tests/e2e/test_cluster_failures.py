"""What goes wrong on a cluster, what it says, and what goes on serving."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import NewClusterStack
from tests.support.e2e import http
from tests.support.e2e.assumptions import need_own_network
from tests.support.e2e.cluster import CONTEXT, OPEN, PROBE, Cluster, ClusterStack
from tests.support.e2e.ports import free_port
from tests.support.e2e.private_registry import PrivateRegistry
from tests.support.e2e.stack import eventually, kill_group

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def running(new_cluster_stack: NewClusterStack, shared_volumes: None) -> Iterator[ClusterStack]:
    """A stack that is deployed and healthy; a start that takes longer than 20 s has failed."""
    stack = new_cluster_stack(
        edge=OPEN,
        kubernetes={"rolloutSeconds": 25},
        probe={"intervalSeconds": 2, "timeoutSeconds": 1, "startPeriodSeconds": 8, "retries": 3},
    )
    stack.up().ok()
    yield stack


def test_a_cluster_that_is_not_named_or_not_there(new_cluster_stack: NewClusterStack, tmp_path: Path) -> None:
    stack = new_cluster_stack(kubernetes={"context": None})
    text = stack.up().failed().text
    assert "mimir:kubernetes.context" in text and "the current one is never taken" in text
    stack.write(kubernetes={"context": "elsewhere"})
    text = stack.up().failed().text
    assert '"elsewhere", which is not in' in text and "one of:" in text and CONTEXT in text
    server = f"https://127.0.0.1:{free_port()}"
    config = {
        "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "me"}}],
        "clusters": [{"name": "gone", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": {"token": "t0ken"}}],
    }
    (tmp_path / "config").write_text(json.dumps(config))
    stack.write(kubernetes={"context": "gone", "kubeconfig": str(tmp_path / "config")})
    text = stack.up().failed().text
    assert f"no cluster answers at {server}" in text and "Connection refused" in text
    assert "t0ken" not in text and "Traceback" not in text
    assert "kubernetes:core" not in stack.pulumi("stack", "--show-urns", "--stack", stack.name).text


def test_a_storage_class_that_the_cluster_does_not_have(new_cluster_stack: NewClusterStack, cluster: Cluster) -> None:
    stack = new_cluster_stack()
    stack.write(volumes={"data": {"storageClass": "no-such-class"}})
    text = stack.up().failed().text
    known = sorted(one.metadata.name for one in cluster.storage.list_storage_class().items)
    assert "mimir:volumes.data.storageClass" in text and f"one of: {', '.join(known)}" in text


def test_a_process_that_ends_at_once_leaves_the_old_pod_serving(running: ClusterStack, cluster: Cluster) -> None:
    main = running.folder / "sample/main.go"
    before = main.read_text()
    main.write_text(before.replace("os.Exit(run(os.Args[1:]))", 'fmt.Println("no licence found"); os.Exit(7)'))
    text = running.up().failed().text
    main.write_text(before)
    assert "1 pod of the version before it still serves" in text
    assert "exit code 7" in text and "no licence found" in text and "CrashLoopBackOff" in text
    assert http.get(running.url, "/health").ok


def test_a_probe_that_fails_leaves_the_old_pod_serving(running: ClusterStack) -> None:
    running.write(probe={"path": "/no-such-path"})
    text = running.up().failed().text
    running.write(probe={"path": "/health"})
    assert "still serves" in text and "event       Unhealthy" in text and "404" in text
    assert re.search(r"last \d+ log lines", text)
    assert http.get(running.url, "/health").ok


def test_an_edge_that_does_not_start_leaves_the_old_one_serving(running: ClusterStack) -> None:
    running.write(edge={"image": "127.0.0.1:5000/no-such-edge:1"})
    text = running.up().failed().text
    del running.config["edge"]["image"]
    running.write()
    assert f"Workload {running.namespace}-edge did not become ready" in text
    assert "ErrImagePull" in text or "ImagePullBackOff" in text
    assert "2 pods of the version before it still serve." in text
    assert http.get(running.url, "/health").ok


def test_an_image_that_cannot_be_pulled_leaves_the_old_pod_serving(
    running: ClusterStack, private: PrivateRegistry, tmp_path: Path
) -> None:
    """The builder has a stored login; the cluster needs one of its own."""
    auth = base64.b64encode(f"{private.user}:{private.password}".encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {private.address: {"auth": auth}}}))
    running.env["DOCKER_CONFIG"] = str(tmp_path)
    running.write(registry={"address": private.address})
    text = running.up().failed().text
    assert "mimir:kubernetes.pullSecrets" in text, "what will go wrong is said before"
    assert "ErrImagePull" in text or "ImagePullBackOff" in text
    assert "1 pod of the version before it still serves" in text
    assert http.get(running.url, "/health").ok


def test_with_credentials_in_the_settings_it_can_be_pulled(
    running: ClusterStack, cluster: Cluster, private: PrivateRegistry
) -> None:
    need_own_network(cluster)
    running.env.clear()
    running.write(registry={"address": private.address, "username": private.user})
    running.secret("registry.password", private.password)
    running.up().ok()
    [pod] = running.ready(cluster, 1)
    assert pod.spec.containers[0].image.startswith(private.address)
    assert private.password not in running.pulumi("stack", "export").text
    assert running.kubectl("get", "secrets").text.count("kubernetes.io/dockerconfigjson") == 1


def test_the_next_good_update_goes_through(running: ClusterStack, cluster: Cluster) -> None:
    running.env.clear()
    running.config["registry"] = {}
    running.pulumi("config", "rm", "registry", "--stack", running.name).ok()  # with the password
    running.write()
    running.up().ok()
    running.ready(cluster, 1)
    running.up("--expect-no-changes").ok()


def test_an_update_that_is_killed_goes_on_where_it_stopped(
    new_cluster_stack: NewClusterStack, cluster: Cluster
) -> None:
    stack = new_cluster_stack(edge=OPEN, probe={**PROBE, "path": "/no-such-path"})
    process = stack.start_up()
    eventually("the workload is there", lambda: cluster.has_namespace(stack.namespace) and stack.pods(cluster), 120)
    kill_group(process)
    stack.write(probe={"path": "/health"})
    assert "locked" in stack.up().failed().text
    stack.pulumi("cancel", "--yes", stack.name).ok()
    stack.up().ok()
    assert http.get(stack.url, "/health").ok


def test_a_state_that_is_lost_loses_no_data(new_cluster_stack: NewClusterStack, cluster: Cluster) -> None:
    """The stack is forgotten, not destroyed; each error has the command that takes the next thing over."""
    stack = new_cluster_stack(edge=OPEN)
    stack.up().ok()
    http.note(stack.url, "outlives its state")
    stack.pulumi("stack", "rm", "--force", "--yes", "--preserve-config", stack.name).ok()
    stack.pulumi("stack", "select", "--create", stack.name).ok()
    taken, text = 0, ""
    for _ in range(5):  # the first failures end the update, so not every error comes at once
        text = stack.up().failed().text
        found = take_over(stack, text)
        taken += found
        if not found:
            break
    assert taken == 4, "the namespace and three claims"
    assert "serves in this cluster" in text, "and nothing that the running pods need was touched"
    assert http.notes(node_port(stack, cluster)) == ["outlives its state"]
    stack.kubectl("delete", "deployment", stack.namespace, f"{stack.namespace}-edge").ok()
    stack.up().ok()
    assert http.notes(stack.url) == ["outlives its state"]


def take_over(stack: ClusterStack, text: str) -> int:
    """Type the commands of an error that take objects over, each once; how many there were."""
    commands = {line.strip() for line in text.splitlines() if line.strip().startswith("pulumi import ")}
    for command in commands:
        done = subprocess.run(
            ["sh", "-ec", command], cwd=stack.folder, env=stack.environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return len(commands)


def node_port(stack: ClusterStack, cluster: Cluster) -> str:
    """Where the Service is reached, as the cluster says: the state has forgotten it."""
    service = cluster.core.read_namespaced_service(stack.namespace, stack.namespace)
    return f"http://{stack.address()}:{service.spec.ports[0].node_port}"


def test_a_name_that_belongs_to_somebody_else(new_cluster_stack: NewClusterStack, cluster: Cluster) -> None:
    stack = new_cluster_stack()
    cluster.core.create_namespace({"metadata": {"name": stack.namespace}})
    text = stack.up().failed().text
    assert f'"{stack.namespace}", a namespace that exists and that this stack did not make' in text
    assert "mimir:kubernetes.createNamespace" in text and "delete" not in text
    assert cluster.has_namespace(stack.namespace)
