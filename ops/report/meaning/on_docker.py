"""What changes mean on a Docker engine."""

from __future__ import annotations

from ops.report.change import Change
from ops.report.meaning.effects import Effects
from ops.report.meaning.reasons import because

GENERATED = {"mimir:docker:ConfigVolume", "mimir:docker:DockerEdge"}
"""Components whose volumes hold only files that the program generates again."""

EDGE = "mimir:docker:DockerEdge"


def container(change: Change, effects: Effects) -> None:
    """A running container, or one that is never started and only copies files into a volume."""
    edge = EDGE in change.within
    if not _runs(change):
        if edge and change.kind == "replace" and not _ends(effects, edge=True):
            effects.remarks.append("the edge reads a new configuration; no connection is closed")
        return
    part = "edge" if edge else "application"
    reasons = ", ".join(because(change)) or "it changed"
    if change.kind == "update":
        effects.remarks.append(f"the {part}'s container changes in place, without a restart ({reasons})")
    elif change.kind == "replace":
        effects.restarts.append(f"{part}, 1 container: {reasons}")
        if change.delete_first and edge:
            effects.interruptions.append(
                f"the edge's own container is replaced, so its port is closed for a second or two ({reasons})"
            )
        elif change.delete_first:
            effects.interruptions.append(
                "the old container of the application ends before the new one starts, because only one may use its "
                f"data; nobody answers until the new one is healthy ({reasons})"
            )
    elif change.kind == "delete" and not effects.first_deployment:
        successor = any(_is_running(other, change.within) and other.kind == "create" for other in effects.changes)
        effects.interruptions.append(
            f"the {part}'s container is removed"
            + (" and made anew under another name" if successor else ", and nothing takes its place")
        )


def volume(change: Change, effects: Effects) -> None:
    """A volume. Generated files in it are not data."""
    if not GENERATED & set(change.within):
        effects.data(change, "volume")


def network(change: Change, effects: Effects) -> None:
    """The network that the containers are on."""
    if change.removes:
        effects.interruptions.append(f"network `{change.name}` is {change.kind}d, and everything on it with it")


def _ends(effects: Effects, *, edge: bool) -> bool:
    """Whether a running container of the edge, or of the application, is replaced or deleted anyway."""
    return any(
        change.type == CONTAINER and change.removes and (EDGE in change.within) == edge and _runs(change)
        for change in effects.changes
    )


def _runs(change: Change) -> bool:
    return (change.new or change.old).get("mustRun") is not False


def _is_running(change: Change, within: tuple[str, ...]) -> bool:
    return change.type == CONTAINER and change.within == within and _runs(change)


CONTAINER = "docker:index/container:Container"
JUDGES = {
    CONTAINER: container,
    "docker:index/volume:Volume": volume,
    "docker:index/network:Network": network,
}
