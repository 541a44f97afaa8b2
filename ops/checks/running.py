"""What runs, asked of the platform: the image, the replicas, and what else can be reached."""

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


def results(outputs: Mapping[str, Any], settings: Settings) -> Iterator[Result]:
    """Every check of the platform."""
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
        yield Result("the engine answers", str(error))


def _service(container: Mapping[str, Any], image: str) -> Iterator[Result]:
    yield expect("the container runs the deployed image", container["Config"]["Image"], image)
    yield expect("the container is healthy", container["State"].get("Health", {}).get("Status"), "healthy")


def _edge(container: Mapping[str, Any]) -> Iterator[Result]:
    yield expect("the edge runs", container["State"]["Status"], "running")
    bound = (container["HostConfig"].get("PortBindings") or {}).get(f"{METRICS_PORT}/tcp") or []
    outside = [one["HostIp"] for one in bound if not (one["HostIp"] and ip_address(one["HostIp"]).is_loopback)]
    yield Result("metrics are on loopback at most", f"published on {', '.join(outside)}" if outside else None)


def _cluster(outputs: Mapping[str, Any]) -> Iterator[Result]:
    words = shlex.split(str(outputs["logs"]))
    kubectl = words[: words.index("logs")]  # with the kubeconfig, context and namespace of this stack
    for part in ("workload", "edge"):
        if part not in outputs:
            continue
        found = _get(kubectl, "deployment", str(outputs[part]))
        if isinstance(found, str):
            yield Result(f"the {part} is there", found)
            continue
        wanted, status = found["spec"]["replicas"], found["status"]
        ready = min(status.get("readyReplicas", 0), status.get("updatedReplicas", 0))
        yield expect(f"all {wanted} pods of the {part} are of its last version, and ready", ready, wanted)
        if part == "workload":
            [container] = found["spec"]["template"]["spec"]["containers"]
            yield expect("the pods run the deployed image", container["image"], outputs["image"])
    if "edge" in outputs:
        name = str(outputs["service"]).partition(".")[0]
        found = _get(kubectl, "service", f"{name}-metrics")
        kind = found if isinstance(found, str) else found["spec"]["type"]
        yield expect("metrics are inside of the cluster only", kind, "ClusterIP")


def _get(kubectl: list[str], kind: str, name: str) -> dict[str, Any] | str:
    """An object of the cluster, or why it cannot be had."""
    done = subprocess.run(
        [*kubectl, "get", kind, name, "--output", "json", f"--request-timeout={KUBECTL_SECONDS}s"],
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(json.loads(done.stdout)) if done.returncode == 0 else done.stderr.strip()
