"""Removes fields that others added to the stack's objects, and reports who added them.

The update itself reverts *changed* fields: it takes over their ownership (`PULUMI_K8S_ENABLE_PATCH_FORCE`). Added
fields are not in the stack's inputs, so no update removes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from components.kubernetes.cluster import api_server
from components.kubernetes.cluster.cluster import Cluster
from ops.ownership import stack_objects
from ops.ownership.managed_fields import ForeignField
from ops.ownership.stack_objects import StackObject
from ops.stack.stack_error import StackError


def remove_added_fields(stack: str, say: Callable[[str], object]) -> None:
    """Remove fields that others added to the objects of a stack, and report the fields that they changed.

    If the cluster cannot be reached, nothing is done: the update that follows reports the error.

    Args:
        stack: name of a stack in a cluster.
        say: called with each line for the user.

    Raises:
        StackError: the API server rejects a removal.
    """
    try:
        cluster = stack_objects.connect(stack)
    except StackError:
        return
    try:
        for item in stack_objects.read(stack, cluster):
            fields = without_defaults(cluster, item)
            if any(field.is_added for field in fields):
                _patch(cluster, item, fields)
            for field in fields:
                say(f"{item.title}: {field}; {'removed' if field.is_added else 'this update reverts it'}")
    except ApiException as error:
        raise StackError(f"changes in the cluster cannot be reverted: {error.status} {reason(error)}") from error
    except (HTTPError, OSError) as error:
        say(f"Changes in the cluster are not reverted yet: {_innermost(error)}")


def _innermost(error: BaseException) -> str:
    """The innermost message of an error that urllib3 has wrapped."""
    return str(error).rpartition(": ")[2] or type(error).__name__


def without_defaults(cluster: Cluster, item: StackObject) -> list[ForeignField]:
    """The foreign fields of `item`, without added fields that only set the API server's default explicitly.

    The API server sets a default again as soon as it is removed. Without the permission to change the object, these
    fields are included.

    Args:
        cluster: the stack's cluster.
        item: an object of the stack.
    """
    added = [field for field in item.foreign if field.is_added]
    if not added:
        return item.foreign
    try:
        patched = _patch(cluster, item, added, dry_run=True)
    except ApiException as error:
        if error.status in (403, 422):
            return item.foreign
        raise
    return [
        field for field in item.foreign if not field.is_added or _at(patched, field.path) != _at(item.live, field.path)
    ]


def _at(tree: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _patch(cluster: Cluster, item: StackObject, fields: Iterable[ForeignField], *, dry_run: bool = False) -> Any:
    """Remove added fields with one JSON patch (RFC 6902), unless they have changed since they were read."""
    body: list[dict[str, Any]] = []
    for path in sorted((field.path for field in fields if field.is_added), key=_last_first, reverse=True):
        body.append({"op": "test", "path": pointer(path), "value": _at(item.live, path)})
        body.append({"op": "remove", "path": pointer(path)})
    query = [("fieldManager", item.field_manager or "pulumi-kubernetes"), *([("dryRun", "All")] if dry_run else [])]
    response = api_server.ask(cluster.client, "PATCH", item.path, body, content_type=api_server.JSON_PATCH, query=query)
    if response.status != 200:
        raise ApiException(status=response.status, reason=_message(response.content) or response.reason)
    return json.loads(response.content)


def _last_first(path: Sequence[str | int]) -> list[tuple[bool, int, str]]:
    """Sort key that orders indexes as numbers, so that a removal does not shift the following ones."""
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in path]


def pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def reason(error: ApiException) -> str:
    """The API server's reason, in one line."""
    return str(error.reason or "").splitlines()[0] if error.reason else ""


def _message(answer: bytes) -> str | None:
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return None
