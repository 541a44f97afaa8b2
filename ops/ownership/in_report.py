"""Adds to a drift report what only the cluster knows: who changed what, what was added, and what is being deleted."""

from __future__ import annotations

from dataclasses import replace

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from components.kubernetes.cluster.deletions import deletions
from ops.ownership import added_fields, stack_objects
from ops.report.change import Change
from ops.report.report import Report
from ops.stack.stack_error import StackError


def add(report: Report) -> Report:
    """`report` with the fields that other field managers have set, and with pending deletions.

    If the cluster cannot be read, the report has an error: it must not look like a report without changes.

    Args:
        report: drift report of a stack in a cluster.
    """
    try:
        cluster = stack_objects.connect(report.stack)
        items = [*stack_objects.read(report.stack, cluster)]
        foreign = [(item, fields) for item in items if (fields := added_fields.without_defaults(cluster, item))]
        pending_deletions = [
            *deletions(f"mimir-{report.stack}", cluster.namespace, cluster.access.kubectl, cluster.read)
        ]
    except (ApiException, HTTPError, OSError, ValueError, StackError) as error:
        cause = str(error).splitlines()[0] if not isinstance(error, ApiException) else f"{error.status} {error.reason}"
        text = f"Additions and deletions in the cluster cannot be checked: {cause}"
        return replace(report, errors=[*report.errors, text])
    changes = {change.urn: change for change in report.changes}
    for item, fields in foreign:
        change = changes.get(item.urn) or Change(item.urn, "update", old=item.inputs, new=item.inputs)
        paths = tuple(sorted({*change.paths, *(field.name for field in fields)}))
        changes[item.urn] = replace(change, paths=paths)
    return replace(
        report,
        changes=list(changes.values()),
        unchanged=max(0, report.unchanged - (len(changes) - len(report.changes))),
        changed_by=[f"{item.title}: {field}" for item, fields in foreign for field in fields],
        deletions=[str(deletion) for deletion in pending_deletions],
    )
