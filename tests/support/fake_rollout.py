"""A rollout on the fake API server: the sets, pods and events of an old version and a new one."""

from __future__ import annotations

from typing import Any

from components.kubernetes.workload import rollout_failure
from tests.support.fake_cluster import LABELS, Api, Query

PODS = "/api/v1/namespaces/mimir-dev/pods"
EVENTS = "/api/v1/namespaces/mimir-dev/events"
SETS = "/apis/apps/v1/namespaces/mimir-dev/replicasets"

WAITING = {"waiting": {"reason": "ContainerCreating"}}
RUNNING = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
CRASHING = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}}


def labels(version: str) -> dict[str, str]:
    """The labels of a version's objects."""
    return {**LABELS, "pod-template-hash": version}


def replica_set(version: str, revision: int) -> dict[str, Any]:
    """The objects of one version, as the Deployment makes them."""
    marked = {rollout_failure.REVISION: str(revision)}
    return {
        "metadata": {"name": f"mimir-dev-{version}", "labels": labels(version), "annotations": marked},
        "spec": {"selector": {"matchLabels": LABELS}},
    }


def pod(
    version: str,
    state: dict[str, Any] | None = None,
    *,
    ready: bool = False,
    node: str | None = "node-1",
    restarts: int = 0,
    before: dict[str, Any] | None = None,
    number: int = 1,
) -> dict[str, Any]:
    """A pod of a version; without a state, one whose container was never made."""
    status: dict[str, Any] = {
        "phase": "Running" if node and state else "Pending",
        "conditions": [{"type": "Ready", "status": str(ready)}],
    }
    if state:
        common = {"name": "mimir", "image": "i", "imageID": "", "ready": ready, "started": ready}
        last = {"terminated": before} if before else {}
        status["containerStatuses"] = [{**common, "restartCount": restarts, "state": state, "lastState": last}]
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "mimir-dev-data"}}
    return {
        "metadata": {"name": f"mimir-dev-{version}-{number}", "labels": labels(version)},
        "spec": {"containers": [{"name": "mimir"}], "nodeName": node, "volumes": [claim, {"name": "tmp"}]},
        "status": status,
    }


def event(of: str, reason: str, message: str, *, kind: str = "Warning", count: int = 1, at: int = 0) -> dict[str, Any]:
    """Something that happened to an object."""
    return {
        "metadata": {"name": f"{of}.{reason}"},
        "involvedObject": {"name": of},
        "type": kind,
        "reason": reason,
        "message": message,
        "count": count,
        "lastTimestamp": f"2026-01-01T00:00:{at:02}Z",
    }


def put(api: Api, pods: list[Any], events: list[Any], sets: list[Any] | None = None) -> None:
    """A cluster with these objects; revision 10 is newer than 9."""
    api.there[SETS] = {"items": [replica_set("old", 9), replica_set("new", 10)] if sets is None else sets}
    api.there[PODS] = {"items": pods}

    def asked_for(query: Query) -> dict[str, Any]:
        [selector] = query["fieldSelector"]
        return {"items": [one for one in events if selector == f"involvedObject.name={one['involvedObject']['name']}"]}

    api.there[EVENTS] = asked_for
