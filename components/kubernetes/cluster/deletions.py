"""Checks for objects with data that are being deleted: namespace, claims, volumes.

An object with a `deletionTimestamp` exists until its finalizers are done, and the deletion cannot be undone. A claim
waits for the last pod that mounts it (kubernetes.io: Storage Object in Use Protection). The next rollout would
therefore remove the claim, and its volume and data too unless the reclaim policy of the volume is Retain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.kubernetes.cluster.api_server import Get, read
from components.kubernetes.labels import INSTANCE
from components.problems import Problem

HELP = "docs/kubernetes.md, «When a claim is being deleted», has the way back"
RETAIN = """--patch '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'"""


def deletions(deployment: str, namespace: str, kubectl: str, get: Get) -> Iterator[Problem]:
    """Yield one problem for each object with data of the deployment that is being deleted.

    Args:
        deployment: name of the deployment, the value of the instance label of its claims.
        namespace: namespace of the deployment.
        kubectl: `kubectl` command line for the same cluster, for the suggested commands.
        get: reads a path of the API. Objects that this user may not read count as not being deleted.

    Yields:
        The problems.

    Raises:
        ApiException: the API server refuses with a status other than 403 and 404.
    """
    space = read(get, f"/api/v1/namespaces/{namespace}") or {}
    claims = read(get, f"/api/v1/namespaces/{namespace}/persistentvolumeclaims?labelSelector={INSTANCE}%3D{deployment}")
    items = (claims or {}).get("items") or []
    volumes = {name: read(get, f"/api/v1/persistentvolumes/{name}") or {} for name in map(_volume_of, items) if name}
    if since := _deleted(space):
        yield Problem(
            f"namespace {namespace}",
            f"a deletion since {since}: everything in it goes, with the claims {_listed(items)} and their data",
            f"a namespace that stays. The deletion cannot be undone; volumes can be kept. {HELP}",
            _keep(kubectl, volumes) or f"{kubectl} get namespace {namespace} --output yaml   # says what it waits for",
        )
        return
    for claim in items:
        name, volume = claim["metadata"]["name"], _volume_of(claim)
        if since := _deleted(claim):
            yield Problem(
                f"claim {name} in namespace {namespace}",
                f"a deletion since {since}: when its last pod ends, {_what_becomes_of(volume, volumes)}",
                f"a claim that stays. The deletion cannot be undone; until the data is safe, restart nothing. {HELP}",
                _keep(kubectl, {volume: volumes[volume]} if volume else {}) or f"{kubectl} get persistentvolumes",
            )
        elif volume and (since := _deleted(volumes[volume])):
            yield Problem(
                f"volume {volume} of claim {name}",
                f"a deletion since {since}: when the claim goes, {_what_becomes_of(volume, volumes)}",
                f"a volume that stays. The deletion cannot be undone; keep claim {name}. {HELP}",
                _keep(kubectl, {volume: volumes[volume]}) or f"{kubectl} get persistentvolumes",
            )


def _deleted(item: Mapping[str, Any]) -> str | None:
    time = (item.get("metadata") or {}).get("deletionTimestamp")
    return str(time) if time else None


def _volume_of(claim: Mapping[str, Any]) -> str | None:
    return (claim.get("spec") or {}).get("volumeName")


def _listed(claims: list[dict[str, Any]]) -> str:
    return ", ".join(claim["metadata"]["name"] for claim in claims) or "(none)"


def _is_kept(volume: Mapping[str, Any]) -> bool:
    return (volume.get("spec") or {}).get("persistentVolumeReclaimPolicy") == "Retain"


def _what_becomes_of(volume: str | None, volumes: Mapping[str, Mapping[str, Any]]) -> str:
    if volume is None:
        return "it is gone; no volume is bound to it"
    if _is_kept(volumes[volume]):
        return f"volume {volume} stays, because its reclaim policy is Retain, but no claim has it"
    return f"volume {volume} is deleted with its data"


def _keep(kubectl: str, volumes: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the command that sets the reclaim policy of volumes to Retain; None if all volumes have it."""
    names = sorted(name for name, volume in volumes.items() if not _is_kept(volume))
    return f"{kubectl} patch persistentvolume {' '.join(names)} {RETAIN}" if names else None
