"""Checks what is running on the platform: the image, the replicas, and that metrics are not exposed."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from docker.errors import DockerException, NotFound
from requests import RequestException

from components.docker.engine import engine
from components.edge.edge_spec import METRICS_PORT
from components.settings import Settings
from ops.checks.result import Result, expect

KUBECTL_SECONDS = 30


def run_checks(outputs: Mapping[str, Any], settings: Settings) -> Iterator[Result]:
    """Run every check of the platform.

    Args:
        outputs: outputs of the stack.
        settings: settings of the stack.
    """
    if "namespace" in outputs:
        yield from _cluster(outputs)
        return
    try:
        client = engine.client(settings.docker.host)
        yield from _service(client.containers.get(outputs["container"]).attrs, str(outputs["image"]))
        if "edge" in outputs:
            yield from _edge(client.containers.get(outputs["edge"]).attrs)
    except NotFound as error:
        yield Result("the containers are there", str(error.explanation))
    except (DockerException, RequestException) as error:
        yield Result("the engine responds", str(error))


def _service(container: Mapping[str, Any], image: str) -> Iterator[Result]:
    yield expect("the container runs the deployed image", container["Config"]["Image"], image)
    yield expect("the container is healthy", container["State"].get("Health", {}).get("Status"), "healthy")


def _edge(container: Mapping[str, Any]) -> Iterator[Result]:
    yield expect("the edge is running", container["State"]["Status"], "running")
    bindings = (container["HostConfig"].get("PortBindings") or {}).get(f"{METRICS_PORT}/tcp") or []
    addresses = [binding["HostIp"] for binding in bindings]
    exposed = [address for address in addresses if not (address and ip_address(address).is_loopback)]
    yield Result("metrics are on loopback at most", f"published on {', '.join(exposed)}" if exposed else None)


def _cluster(outputs: Mapping[str, Any]) -> Iterator[Result]:
    words = shlex.split(str(outputs["logs"]))
    kubectl = words[: words.index("logs")]  # includes the kubeconfig, context and namespace of the stack
    for part in ("workload", "edge"):
        if part not in outputs:
            continue
        deployment = _get(kubectl, "deployment", str(outputs[part]))
        if isinstance(deployment, str):
            yield Result(f"the {part} is there", deployment)
            continue
        replicas, status = deployment["spec"]["replicas"], deployment["status"]
        ready = min(status.get("readyReplicas", 0), status.get("updatedReplicas", 0))
        yield expect(f"all {replicas} pods of the {part} are up to date and ready", ready, replicas)
        if part == "workload":
            [container] = deployment["spec"]["template"]["spec"]["containers"]
            yield expect("the pods run the deployed image", container["image"], outputs["image"])
    if "edge" in outputs:
        name = str(outputs["service"]).partition(".")[0]
        service = _get(kubectl, "service", f"{name}-metrics")
        service_type = service if isinstance(service, str) else service["spec"]["type"]
        yield expect("metrics are inside of the cluster only", service_type, "ClusterIP")


def _get(kubectl: list[str], kind: str, name: str) -> dict[str, Any] | str:
    """An object in the cluster, or why it cannot be read."""
    result = subprocess.run(
        [*kubectl, "get", kind, name, "--output", "json", f"--request-timeout={KUBECTL_SECONDS}s"],
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(json.loads(result.stdout)) if result.returncode == 0 else result.stderr.strip()
