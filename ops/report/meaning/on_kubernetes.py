"""What changes mean in a cluster."""

from __future__ import annotations

from typing import Any

from ops.report.change import Change
from ops.report.meaning.effects import Effects
from ops.report.meaning.reasons import POD, because

EDGE = "mimir:kubernetes:Edge"


def deployment(change: Change, effects: Effects) -> None:
    """Pods that are rolled, replaced or scaled."""
    part = "edge" if EDGE in change.within else "application"
    spec: dict[str, Any] = change.new.get("spec") or {}
    pods = _pods(spec)
    if change.kind == "delete":
        effects.interruptions.append(f"the {part}'s Deployment is deleted, and its pods with it")
    elif change.kind == "replace":
        reasons = ", ".join(because(change)) or "because something that it uses is"
        effects.restarts.append(f"{part}, {pods}: the Deployment itself is replaced ({reasons})")
        if change.delete_first:
            effects.interruptions.append(
                f"the {part}'s Deployment is deleted before the new one exists; nobody answers until its pods are ready"
            )
    elif change.kind == "update":
        _updated(change, effects, part, spec, pods)


def _updated(change: Change, effects: Effects, part: str, spec: dict[str, Any], pods: str) -> None:
    reasons = ", ".join(because(change, POD))
    if not reasons:
        if "spec.replicas" in change.paths:
            before, after = ((inputs.get("spec") or {}).get("replicas") for inputs in (change.old, change.new))
            effects.remarks.append(f"the {part} is scaled from {before or 'automatic'} to {after or 'automatic'} pods")
        return
    effects.restarts.append(f"{part}, {pods}: {reasons}")
    if (spec.get("strategy") or {}).get("type") == "Recreate":
        effects.interruptions.append(
            f"the {part}'s only pod ends before the new one starts, because its volume has a single writer; nobody "
            f"answers until the new one is ready ({reasons})"
        )
    else:
        missing = ((spec.get("strategy") or {}).get("rollingUpdate") or {}).get("maxUnavailable")
        if missing not in (0, "0", "0%"):
            effects.remarks.append(f"while the {part} rolls, up to {missing or '25%'} of its pods are missing")


def claim(change: Change, effects: Effects) -> None:
    """A claim holds data."""
    effects.data(change, "claim")


def namespace(change: Change, effects: Effects) -> None:
    """Deleting a namespace deletes everything in it."""
    if change.removes:
        effects.interruptions.append(f"namespace `{change.name}` is {change.kind}d, and everything in it")
        effects.destructive.append(change)


def service(change: Change, effects: Effects) -> None:
    """A Service that is created again gets another address."""
    if change.removes and change.name.endswith("-service"):
        effects.interruptions.append(f"the front Service is {change.kind}d; its address changes")


def _pods(spec: dict[str, Any]) -> str:
    count = spec.get("replicas")
    return "its pods, one after the other" if count is None else f"{count} pod{'' if count == 1 else 's'}"


JUDGES = {
    "kubernetes:apps/v1:Deployment": deployment,
    "kubernetes:core/v1:PersistentVolumeClaim": claim,
    "kubernetes:core/v1:Namespace": namespace,
    "kubernetes:core/v1:Service": service,
}
