"""Requests to the API server as plain JSON. Loading the typed models of the client takes a second in every preview."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kubernetes import client as api
from kubernetes.client.exceptions import ApiException
from kubernetes.config import new_client_from_config_dict

from components.kubernetes.cluster.kubeconfig import Access

TIMEOUT_SECONDS = 10
JSON = "application/json"
JSON_PATCH = "application/json-patch+json"

Get = Callable[[str], dict[str, Any]]
"""Reads the object under a path of the API, or raises ApiException."""


@dataclass(frozen=True)
class Answer:
    """The response of the API server, whatever its status.

    Attributes:
        status: HTTP status code.
        reason: HTTP reason phrase.
        content: response body.
    """

    status: int
    reason: str | None
    content: bytes


def connect(access: Access, retries: bool = True) -> api.ApiClient:
    """Create a client of the API server.

    Args:
        access: how to reach the cluster.
        retries: whether failed requests are retried. Retries triple the wait for a cluster that is not reachable.

    Returns:
        The client.
    """
    configuration = api.Configuration()
    if not retries:
        configuration.retries = False
    if access.is_local:
        configuration.proxy = None  # as kubectl and the provider go: past the proxy on loopback
    client: api.ApiClient = new_client_from_config_dict(  # type: ignore[no-untyped-call]
        access.document, client_configuration=configuration
    )
    return client


def ask(
    client: api.ApiClient,
    method: str,
    path: str,
    body: Any = None,
    *,
    content_type: str = JSON,
    query: Sequence[tuple[str, str]] = (),
    seconds: float | None = None,
) -> Answer:
    """Send one request, and return the response whatever its status.

    Args:
        client: client of the API server.
        method: HTTP method.
        path: path of the object.
        body: object to send as JSON; None sends no body.
        content_type: media type of the body. For PATCH it selects the kind of patch.
        query: names and values of the query parameters.
        seconds: timeout in seconds; None means TIMEOUT_SECONDS.

    Returns:
        Status and body of the response.

    Raises:
        HTTPError: the API server does not respond.
    """
    headers = {"Accept": JSON, **({} if body is None else {"Content-Type": content_type})}
    request = client.param_serialize(
        method, path, query_params=[*query], header_params=headers, body=body, auth_settings=["BearerToken"]
    )
    response: Any = client.call_api(*request, _request_timeout=TIMEOUT_SECONDS if seconds is None else seconds)
    return Answer(response.status, response.reason, response.read())


def request(
    client: api.ApiClient, method: str, path: str, body: Any = None, content_type: str = JSON
) -> dict[str, Any]:
    """Send one request that must succeed, and return the object in the response.

    Args:
        client: client of the API server.
        method: HTTP method.
        path: path of the object.
        body: object to send as JSON; None sends no body.
        content_type: media type of the body.

    Returns:
        The JSON object in the response.

    Raises:
        ApiException: the status is not 200, 201 or 202.
        ValueError: the response is not a JSON object.
    """
    answer = ask(client, method, path, body, content_type=content_type)
    if answer.status not in (200, 201, 202):
        raise ApiException(status=answer.status, reason=answer.reason)
    item = json.loads(answer.content)
    if not isinstance(item, dict):
        raise ValueError("no object")
    return item


def read(get: Get, path: str) -> dict[str, Any] | None:
    """Read an object that may not exist.

    Args:
        get: reads a path of the API.
        path: path of the object.

    Returns:
        The object; None if it does not exist or this user may not read it.

    Raises:
        ApiException: the status is an error other than 403 and 404.
    """
    try:
        return get(path)
    except ApiException as error:
        if error.status in (403, 404):
            return None
        raise


def reason(error: ApiException) -> str:
    """Return status and reason of an error. TLS errors have status 0, with the cause in the last line."""
    text = (str(error.reason or "").splitlines() or [""])[-1]
    return f"{error.status} {text}" if error.status else text


def innermost(error: BaseException) -> str:
    """Return the root cause of an error; urllib3 wraps it in errors of retries and connection pools."""
    cause = getattr(error, "reason", None) or error.__cause__ or (error.args or [None])[-1]
    if isinstance(cause, BaseException) and cause is not error:
        return innermost(cause)
    return str(error).rpartition(": ")[2] or type(error).__name__
