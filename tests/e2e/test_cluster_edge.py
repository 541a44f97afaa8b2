"""The edge on a cluster: the only way in, and no request that fails while what is behind it, or it itself, is changed.

The clients here are strict: none ever repeats a request.
"""

from __future__ import annotations

import hashlib
import secrets
import ssl
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from urllib3 import HTTPSConnectionPool

from tests.e2e.conftest import NewClusterStack
from tests.support.e2e.assumptions import need_one_node
from tests.support.e2e.cluster import LOOPBACK, Cluster, ClusterStack
from tests.support.e2e.credentials import STRONG
from tests.support.e2e.load import Load
from tests.support.e2e.neighbour import DENIED, NEIGHBOUR, ask, need_enforcement, settle
from tests.support.e2e.stack import eventually

pytestmark = pytest.mark.e2e

KEY = "k-3Vd9-of-an-end-to-end-test"
HEADERS = {"X-API-Key": KEY}
SLOW = "/api/v1/slow?seconds=2"
MONITORING, STRANGER = (f"e2e-{role}-{secrets.token_hex(3)}" for role in ("monitoring", "stranger"))
CALM_REQUESTS = 500
"""Requests before and after each change, so that it happens in the middle of the load."""

PAUSE_SECONDS = 0.02
"""Between two requests of a client: this machine has to roll pods besides."""

MANY = 10_000_000


@pytest.fixture(scope="module")
def stack(new_cluster_stack: NewClusterStack, cluster: Cluster, shared_volumes: None) -> Iterator[ClusterStack]:
    """Production, with a key; and a neighbour in the namespaces of its monitoring, of a stranger, and in its own."""
    stack = new_cluster_stack(
        runtime="production",
        kubernetes={"replicas": 2, "rolloutSeconds": 120},
        probe={"intervalSeconds": 5, "timeoutSeconds": 5, "startPeriodSeconds": 30},
        network={"monitoring": [{"namespace": MONITORING}]},
        edge={
            "paths": ["/api/v1/answer", "/api/v1/slow"],
            "rateLimit": {"requestsPerClient": MANY, "requestsPerKey": MANY},
        },
    )
    stack.secret("environment.jwtSecret", STRONG)
    stack.secret("edge.authentication.apiKeys.ci", hashlib.sha256(KEY.encode()).hexdigest())
    stack.up().ok()
    for name in (MONITORING, STRANGER):
        cluster.core.create_namespace({"metadata": {"name": name}})
    try:
        for name in (MONITORING, STRANGER, stack.namespace):
            settle(cluster, name, stack.outputs()["image"])
        yield stack
    finally:
        for name in (MONITORING, STRANGER):
            cluster.core.delete_namespace(name)


@pytest.fixture(scope="module")
def enforced(stack: ClusterStack, cluster: Cluster) -> None:
    """For tests of who is denied."""
    need_enforcement(cluster, MONITORING, STRANGER)


@pytest.mark.parametrize("name", [LOOPBACK, "localhost", "the Service's"])
def test_it_speaks_tls_with_its_own_certificate(stack: ClusterStack, tmp_path: Path, name: str) -> None:
    assert stack.outputs()["url"].startswith(f"https://{LOOPBACK}:")
    url = urlsplit(stack.url)
    assert url.hostname and url.port
    trusted = tmp_path / "ca.pem"
    trusted.write_text(ssl.get_server_certificate((url.hostname, url.port)))
    expected = f"{stack.namespace}.{stack.namespace}.svc" if name == "the Service's" else name
    with HTTPSConnectionPool(
        url.hostname, url.port, ca_certs=str(trusted), server_hostname=expected, assert_hostname=expected, timeout=5
    ) as clients:
        answer = clients.request("GET", "/health", retries=False)
    assert answer.status == 200 and answer.headers["Strict-Transport-Security"]
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{url.netloc}/health", timeout=5)


def test_a_key_is_wanted_and_dangerous_paths_are_closed(stack: ClusterStack) -> None:
    assert status(stack, "/api/v1/pipelines") == 401
    assert status(stack, "/api/v1/pipelines", {"X-API-Key": "guessed"}) == 401
    assert status(stack, "/api/v1/pipelines", HEADERS) == 200
    assert status(stack, "/api/v1/config", HEADERS) == 403
    assert status(stack, "/nothing", HEADERS) == 404


def status(stack: ClusterStack, path: str, headers: dict[str, str] | None = None) -> int:
    """The status of the edge's answer."""
    url = stack.url
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a certificate that is not verified
        return requests.get(f"{url}{path}", headers=headers, verify=False, timeout=5).status_code


def test_nobody_reaches_the_application_past_the_edge(stack: ClusterStack, cluster: Cluster, enforced: None) -> None:
    services = cluster.core.list_namespaced_service(stack.namespace).items
    published = {one.metadata.name for one in services if any(port.node_port for port in one.spec.ports)}
    assert published == {stack.namespace}, "from outside there is one way in"
    selector = {one.metadata.name: one.spec.selector["app.kubernetes.io/component"] for one in services}
    assert selector[stack.namespace] == "edge"
    pod = stack.ready(cluster, 2)[0]
    for whose in (STRANGER, MONITORING, stack.namespace):
        assert DENIED in ask(whose, NEIGHBOUR, f"http://{pod.status.pod_ip}:8080/health"), whose
    assert DENIED in ask(STRANGER, NEIGHBOUR, f"http://{stack.namespace}-pods.{stack.namespace}.svc:8080/health")
    front = f"http://{stack.outputs()['service']}/health"
    assert DENIED not in ask(STRANGER, NEIGHBOUR, front), "the edge itself answers, with TLS"


def test_monitoring_reads_the_figures_and_nobody_else(stack: ClusterStack, enforced: None) -> None:
    metrics = f"http://{stack.namespace}-metrics.{stack.namespace}.svc:9090"
    assert ask(MONITORING, NEIGHBOUR, f"{metrics}/metrics/application") == ""
    assert DENIED not in ask(MONITORING, NEIGHBOUR, f"{metrics}/metrics")
    assert DENIED in ask(STRANGER, NEIGHBOUR, f"{metrics}/metrics")


def test_no_change_is_no_change(stack: ClusterStack) -> None:
    stack.up("--expect-no-changes").ok()


def new_image(stack: ClusterStack, _: Cluster) -> None:
    main = stack.folder / "sample/main.go"
    main.write_text(main.read_text() + "\n// Another version.\n")
    stack.up().ok()


def setting(path: str, value: str) -> Callable[[ClusterStack, Cluster], None]:
    """Changes one setting."""

    def change(stack: ClusterStack, _: Cluster) -> None:
        stack.pulumi("config", "set", "--path", f"mimir:{path}", value, "--stack", stack.name).ok()
        stack.up().ok()

    return change


def pod_goes(part: str) -> Callable[[ClusterStack, Cluster], None]:
    """Deletes one pod."""

    def change(stack: ClusterStack, cluster: Cluster) -> None:
        victim = stack.ready(cluster, 2, part)[0].metadata.name
        cluster.core.delete_namespaced_pod(victim, stack.namespace)
        eventually("it is gone", lambda: victim not in names(stack, cluster, part), 120)

    return change


def names(stack: ClusterStack, cluster: Cluster, part: str) -> set[str]:
    """All pods of a part, also those on their way out."""
    selector = f"app.kubernetes.io/component={part}"
    listed = cluster.core.list_namespaced_pod(stack.namespace, label_selector=selector).items
    return {pod.metadata.name for pod in listed}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        pytest.param(setting("edge.maxBodyKib", "512"), "edge", id="configuration of the edge"),
        pytest.param(setting("environment.maxJobs", "11"), "application", id="configuration of the application"),
        pytest.param(new_image, "application", id="image"),
        pytest.param(pod_goes("edge"), "", id="a pod of the edge"),
        pytest.param(pod_goes("application"), "", id="a pod of the application"),
    ],
)
def test_no_request_fails(
    stack: ClusterStack, cluster: Cluster, change: Callable[[ClusterStack, Cluster], None], part: str
) -> None:
    need_one_node(cluster)
    old = names(stack, cluster, part) if part else set()
    url = stack.url
    with (
        Load(url, "/api/v1/answer", headers=HEADERS, strict=True, pause=PAUSE_SECONDS) as load,
        Load(url, SLOW, headers=HEADERS, strict=True, clients=4) as slow,
    ):
        goal = load.sent + CALM_REQUESTS
        eventually("a calm beginning", lambda: load.sent >= goal, 60)
        change(stack, cluster)
        eventually("the old pods are gone", lambda: old.isdisjoint(names(stack, cluster, part)), 120)
        goal = load.sent + CALM_REQUESTS
        eventually("a calm end", lambda: load.sent >= goal, 60)
    print(f"quick: {load.report}\nslow: {slow.report}")
    assert load.report.failed == 0, load.report
    assert slow.report.failed == 0, slow.report
    for one in ("application", "edge"):
        stack.ready(cluster, 2, one)
