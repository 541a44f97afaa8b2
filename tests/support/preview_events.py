"""What Pulumi's engine says during a preview, without an engine."""

from __future__ import annotations

from typing import Any

from pulumi.automation import StepEventMetadata

DOCKER = "mimir:docker:DockerDeployment"
SERVICE = f"{DOCKER}$mimir:docker:Service$docker:index/container:Container::mimir-dev"
EDGE = f"{DOCKER}$mimir:docker:DockerEdge$docker:index/container:Container::mimir-edge"
CARRIER = f"{DOCKER}$mimir:docker:DockerEdge$docker:index/container:Container::mimir-edge-carrier"
DATA = f"{DOCKER}$mimir:docker:DataVolumes$docker:index/volume:Volume::mimir-volumes-data"
CONFIG = f"{DOCKER}$mimir:docker:ConfigVolume$docker:index/volume:Volume::mimir-config"
NETWORK = f"{DOCKER}$docker:index/network:Network::mimir-network"
IMAGE = "mimir:image:ApplicationImage$docker-build:index:Image::mimir"

CLUSTER = "mimir:kubernetes:KubernetesDeployment"
PODS = f"{CLUSTER}$mimir:kubernetes:Workload$kubernetes:apps/v1:Deployment::mimir"
EDGE_PODS = f"{CLUSTER}$mimir:kubernetes:Edge$mimir:kubernetes:Workload$kubernetes:apps/v1:Deployment::mimir-edge"
CLAIM = f"{CLUSTER}$mimir:kubernetes:Claims$kubernetes:core/v1:PersistentVolumeClaim::mimir-volumes-data"
NAMESPACE = f"{CLUSTER}$mimir:kubernetes:Namespace$kubernetes:core/v1:Namespace::mimir-namespace"
FRONT = f"{CLUSTER}$kubernetes:core/v1:Service::mimir-service"
SECRET = f"{CLUSTER}$mimir:kubernetes:Secrets$kubernetes:core/v1:Secret::mimir-secrets"

CREATE_FIRST = ("create-replacement", "replace", "delete-replaced")
DELETE_FIRST = ("delete-replaced", "replace", "create-replacement")


def urn(what: str) -> str:
    """Pulumi's name of a resource of stack dev."""
    return f"urn:pulumi:dev::mimir::{what}"


def steps(
    what: str,
    *ops: str,
    paths: tuple[str, ...] = (),
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    outputs: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
    **state: Any,
) -> list[StepEventMetadata]:
    """What the engine announces of one resource: an event for each of `ops`.

    Args:
        what: the resource: the end of its URN.
        ops: the steps, such as `replace`.
        paths: properties that differ.
        old: its inputs before.
        new: its inputs afterwards.
        outputs: its outputs before and afterwards.
        state: more of both states, such as `protect`.
    """
    both = {"urn": urn(what), "custom": True, **state}
    return [
        StepEventMetadata.from_json(
            {
                "op": op,
                "urn": urn(what),
                "type": what.split("::")[0].split("$")[-1],
                "detailedDiff": {path: {"diffKind": "update"} for path in paths if not op.startswith("delete")},
                "old": None if op == "create" else {**both, "inputs": old or {}, "outputs": outputs[0]},
                "new": None if op.startswith("delete") else {**both, "inputs": new or {}, "outputs": outputs[1]},
            }
        )
        for op in ops
    ]
