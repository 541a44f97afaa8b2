"""Reports for a failed Deployment: why the API refused it, or events and last log lines of the new pods."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pulumi
from kubernetes import client as api
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from components.kubernetes.cluster.api_server import TIMEOUT_SECONDS
from components.kubernetes.labels import Part, name_of, selector_of
from components.kubernetes.scope import Scope

LOG_LINES = 20
PODS_SHOWN = 2
EVENTS_SHOWN = 6
FILE_LIMIT = "FD limit"
"""Text in HAProxy's log when the limit of open files is too low for its connections. No Kubernetes API returns the
limit, so it cannot be checked before."""

REVISION = "deployment.kubernetes.io/revision"


MEMORY: dict[Part, str] = {"application": "limits.memoryMib", "edge": "edge.memoryMib"}
"""Settings key of the memory limit of each part."""


WAITED = ("timed out waiting", "Resource operation was cancelled", "successfully created, but")
"""Provider messages for an object that the API accepted and whose pods did not become ready (provider/pkg/await)."""

BEFORE_THE_REASON = re.compile(r"(?s)^.*?(?:failed to fully initialize or become live|Kubernetes API server): ")
NOT_A_REASON = re.compile(r"(?m)^.*(?:field conflict detected, see|had an apply conflict:) .*?(?=Apply failed|$)")
"""The provider's own words before the API's; with a link to a page about its annotations."""


def hook(name: str, scope: Scope, part: Part) -> pulumi.ErrorHook:
    """Create a hook that logs why the rollout of `part` failed, and does not retry.

    Args:
        name: prefix of the name of the hook.
        scope: the deployment.
        part: part that the Deployment belongs to.

    Returns:
        The error hook.
    """

    def explain(args: pulumi.ErrorHookArgs) -> bool:
        reason = refusal(args.errors)
        pulumi.log.error(refused(scope, part, reason) if reason else report(scope, part))
        return False

    return pulumi.ErrorHook(f"{name}-rollout-failure", explain)


def refusal(errors: Sequence[str]) -> str | None:
    """Return why the API refused an object.

    Args:
        errors: errors of the provider, newest first.

    Returns:
        The reason; None if the API accepted the object.
    """
    newest = errors[0] if errors else ""
    if not newest or any(text in newest for text in WAITED):
        return None
    reason = NOT_A_REASON.sub("", BEFORE_THE_REASON.sub("", newest))
    return " ".join(line.strip(" *") for line in reason.splitlines() if line.strip()) or None


def refused(scope: Scope, part: Part, reason: str) -> str:
    """Report a Deployment that the API refused, and how many pods still serve.

    Args:
        scope: the deployment.
        part: part that the Deployment belongs to.
        reason: reason given by the API.

    Returns:
        The report, several lines.
    """
    lines = [f"Workload {name_of(scope.application, part)} was not accepted by the cluster: {reason}"]
    try:
        ready = sum(map(_ready, _pods(scope, part)))
        lines.append(f"  pods        {_serve(ready) if ready else 'no pod of it serves'}")
    except (ApiException, HTTPError, OSError, ValueError) as error:
        lines.append(f"  pods        which of them serve cannot be read ({_first_line(error)})")
    if "conflict with" in reason:
        lines.append("  fix         make drift (who has changed what), then make refresh (takes it back)")
    return "\n".join(lines)


def _serve(count: int) -> str:
    return f"{count} pod{'s' if count > 1 else ''} of it serve{'' if count > 1 else 's'} on"


def report(scope: Scope, part: Part) -> str:
    """Report the newest pods that are not ready, and whether old pods still serve.

    Args:
        scope: the deployment.
        part: part that the Deployment belongs to.

    Returns:
        The report, several lines. If the cluster stops responding, it has the lines read before.
    """
    cluster, workload = scope.cluster, name_of(scope.application, part)
    kubectl = f"{cluster.access.kubectl} --namespace {cluster.namespace}"
    lines: list[str] = []
    try:
        for line in _lines(scope, part):
            lines.append(line)  # one by one: what is known before an error is kept
    except (ApiException, HTTPError, OSError, ValueError) as error:  # ValueError: the client's models are strict
        lines.append(f"Workload {workload}: the cluster does not tell more ({_first_line(error)}).")
    return "\n".join([*lines, f"  more        {kubectl} describe pods; {kubectl} get events --sort-by=.lastTimestamp"])


def _first_line(error: Exception) -> str:
    if isinstance(error, ApiException):
        return f"{error.status} {error.reason}"
    return next(iter(str(error).splitlines()), type(error).__name__)


def _lines(scope: Scope, part: Part) -> Iterator[str]:
    cluster, workload = scope.cluster, name_of(scope.application, part)
    seconds = scope.settings.kubernetes.rollout_seconds
    # Everything in the client's own types may be None, which no object of a real cluster is where it is read here.
    core: Any = api.CoreV1Api(cluster.client)
    apps: Any = api.AppsV1Api(cluster.client)
    where = {"namespace": cluster.namespace, "_request_timeout": TIMEOUT_SECONDS}
    sets = apps.list_namespaced_replica_set(label_selector=_selector(scope, part), **where).items
    pods = _pods(scope, part)
    newest = max(sets, key=_revision, default=None)
    if newest is None:
        yield f"Workload {workload} was not accepted by the cluster: see the error of the Deployment."
        return
    template_hash = newest.metadata.labels.get("pod-template-hash")
    new_pods = [pod for pod in pods if pod.metadata.labels.get("pod-template-hash") == template_hash]
    new = sum(map(_ready, new_pods))
    yield f"Workload {workload} did not become ready in {seconds} s. {_still(sum(map(_ready, pods)) - new, new)}"
    broken = [pod for pod in new_pods if not _ready(pod)]
    if not new_pods:
        yield from _events(core, where, newest.metadata.name)
    for pod in broken[:PODS_SHOWN]:
        yield f"  pod         {pod.metadata.name}, {pod.status.phase}"
        yield from _state(pod, part)
        yield from _events(core, where, pod.metadata.name)
        yield from _claims(core, where, pod)
        yield from _log(core, where, pod)


def _pods(scope: Scope, part: Part) -> list[Any]:
    """Return the pods of a part, of every version."""
    core: Any = api.CoreV1Api(scope.cluster.client)
    where = {"namespace": scope.cluster.namespace, "_request_timeout": TIMEOUT_SECONDS}
    return list(core.list_namespaced_pod(label_selector=_selector(scope, part), **where).items)


def _selector(scope: Scope, part: Part) -> str:
    return ",".join(f"{key}={value}" for key, value in selector_of(scope.application, part).items())


def _still(old: int, new: int) -> str:
    """Return how many pods of the old and of the new version serve."""
    lines = []
    if old:
        lines.append(f"{old} pod{'s' if old > 1 else ''} of the version before it still serve{'' if old > 1 else 's'}.")
    if new:
        lines.append(f"{new} pod{'s' if new > 1 else ''} of the new version serve{'' if new > 1 else 's'}.")
    return " ".join(lines) or "No pod of it serves."


def _revision(replica_set: Any) -> int:
    return int((replica_set.metadata.annotations or {}).get(REVISION, 0))


def _ready(pod: Any) -> bool:
    """Check whether a pod gets requests; a pod that is being deleted does not."""
    return pod.metadata.deletion_timestamp is None and any(
        condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions or []
    )


def _state(pod: Any, part: Part) -> Iterator[str]:
    for status in pod.status.container_statuses or []:
        state, last = status.state, status.last_state
        if state.waiting:
            yield f"  state       waiting, {state.waiting.reason}: {state.waiting.message or 'no reason given'}"
        elif state.terminated:
            yield f"  state       ended, {_ended(state.terminated, part)}"
        else:
            yield "  state       running, not ready"
        if last and last.terminated:
            yield f"  before      ended, {_ended(last.terminated, part)}; restarted {status.restart_count} times"


def _ended(terminated: Any, part: Part) -> str:
    memory = f" (out of memory: mimir:{MEMORY[part]})" if terminated.reason == "OOMKilled" else ""
    return f"exit code {terminated.exit_code}, {terminated.reason}{memory}"


def _claims(core: Any, where: dict[str, Any], pod: Any) -> Iterator[str]:
    """Yield events of the claims of an unscheduled pod; the usual cause is a class without the access mode."""
    if pod.spec.node_name:
        return
    for volume in pod.spec.volumes or []:
        if volume.persistent_volume_claim:
            yield from _events(core, where, volume.persistent_volume_claim.claim_name)


def _events(core: Any, where: dict[str, Any], name: str) -> Iterator[str]:
    events = core.list_namespaced_event(field_selector=f"involvedObject.name={name}", **where).items
    warnings = [event for event in events if event.type != "Normal"]
    warnings.sort(key=lambda event: event.last_timestamp or event.event_time or event.metadata.creation_timestamp)
    for event in warnings[-EVENTS_SHOWN:]:
        times = f" ({event.count} times)" if (event.count or 1) > 1 else ""
        message = " ".join((event.message or "").split())
        yield f"  event       {event.reason}{times}: {message}"


def _log(core: Any, where: dict[str, Any], pod: Any) -> Iterator[str]:
    """Yield the last log lines of the container, or of the previous one if the current log is empty."""
    statuses = pod.status.container_statuses or []
    if not statuses or not (statuses[0].started or statuses[0].restart_count or statuses[0].state.running):
        return
    text = ""
    for previous in (False, True):
        if text or (previous and not statuses[0].restart_count):
            break
        try:
            text = core.read_namespaced_pod_log(
                pod.metadata.name, previous=previous, tail_lines=LOG_LINES, **where
            ).rstrip()
        except ApiException:
            continue
    if FILE_LIMIT in text:
        yield (
            "  cause       the node's limit of open files is too low for mimir:edge.maxConnections (two files for each "
            "connection); lower it, or raise the limit of the node's container runtime (LimitNOFILE)"
        )
    yield f"  last {LOG_LINES} log lines:"
    yield from (f"    {line}" for line in text.splitlines() or ["(none)"])
