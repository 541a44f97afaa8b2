"""Removes what somebody added to the stack's objects, and says whose it was.

What somebody *changed* is put back by the update itself, which takes the ownership of its fields back
(`PULUMI_K8S_ENABLE_PATCH_FORCE`). An addition is in no field of the stack, so no update removes it.
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
from ops.stack.cli import StackError


def take_back(stack: str, say: Callable[[str], object]) -> None:
    """Remove what others added to the objects of `stack`, and name what they changed.

    A cluster that cannot be reached is left to the update, which says why and what to do.

    Args:
        stack: name of the stack, deployed to a cluster.
        say: is called with each line for the user.

    Raises:
        StackError: the cluster refuses a removal.
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
                say(f"{item.title}: {field}; {'removed' if field.is_added else 'this update puts it back'}")
    except ApiException as error:
        raise StackError(
            f"what was changed in the cluster cannot be taken back: {error.status} {reason(error)}"
        ) from error
    except (HTTPError, OSError) as error:
        say(f"What others have changed is not taken back yet: {_innermost(error)}")


def _innermost(error: BaseException) -> str:
    """The last part of what urllib3 wraps in retries and pools."""
    return str(error).rpartition(": ")[2] or type(error).__name__


def without_defaults(cluster: Cluster, item: StackObject) -> list[ForeignField]:
    """The foreign fields of `item`, without additions that are only the API server's own defaults, written out.

    A default comes back at once when it is removed. Who may not change the object gets those too.
    """
    added = [field for field in item.foreign if field.is_added]
    if not added:
        return item.foreign
    try:
        without = _patch(cluster, item, added, dry_run=True)
    except ApiException as error:
        if error.status in (403, 422):
            return item.foreign
        raise
    return [
        field for field in item.foreign if not field.is_added or _at(without, field.path) != _at(item.live, field.path)
    ]


def _at(tree: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _patch(cluster: Cluster, item: StackObject, fields: Iterable[ForeignField], *, dry_run: bool = False) -> Any:
    """Remove added fields in one step (RFC 6902), unless they have changed since they were read."""
    body: list[dict[str, Any]] = []
    for path in sorted((field.path for field in fields if field.is_added), key=_last_first, reverse=True):
        body.append({"op": "test", "path": pointer(path), "value": _at(item.live, path)})
        body.append({"op": "remove", "path": pointer(path)})
    query = [("fieldManager", item.field_manager or "pulumi-kubernetes"), *([("dryRun", "All")] if dry_run else [])]
    answer = api_server.ask(cluster.client, "PATCH", item.path, body, content_type=api_server.JSON_PATCH, query=query)
    if answer.status != 200:
        raise ApiException(status=answer.status, reason=_message(answer.content) or answer.reason)
    return json.loads(answer.content)


def _last_first(path: Sequence[str | int]) -> list[tuple[bool, int, str]]:
    """Sorts indexes as numbers, so that a removal moves none of those that follow."""
    return [(isinstance(step, int), step if isinstance(step, int) else 0, str(step)) for step in path]


def pointer(path: Iterable[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def reason(error: ApiException) -> str:
    """Why the API server refused, in one line."""
    return str(error.reason or "").splitlines()[0] if error.reason else ""


def _message(answer: bytes) -> str | None:
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return None
