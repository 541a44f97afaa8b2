"""The API server, asked for plain JSON: to load the client library's own types takes a second, at every preview."""

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
"""Gives what the API has under a path, or raises ApiException."""


@dataclass(frozen=True)
class Answer:
    """What the API server sent, whatever its status.

    Attributes:
        status: of HTTP.
        reason: of HTTP.
        content: the body.
    """

    status: int
    reason: str | None
    content: bytes


def connect(access: Access, retries: bool = True) -> api.ApiClient:
    """A client of the API server.

    Args:
        access: how it is reached.
        retries: whether a request that fails is repeated; a repetition triples the wait for a cluster that is away.
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
    """Send one request.

    Args:
        client: of the API server.
        method: of HTTP.
        path: of the object.
        body: what is sent, to be written as JSON.
        content_type: of the body; it says which kind of patch it is.
        query: names and values.
        seconds: how long an answer may take; TIMEOUT_SECONDS where nothing is said.

    Raises:
        HTTPError: there is no answer.
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
    """Send one request that has to succeed, and give the object that it answers with.

    Args:
        client: of the API server.
        method: of HTTP.
        path: of the object.
        body: what is sent, to be written as JSON.
        content_type: of the body.

    Raises:
        ApiException: any status but 200, 201 and 202.
        ValueError: the answer is no object.
    """
    answer = ask(client, method, path, body, content_type=content_type)
    if answer.status not in (200, 201, 202):
        raise ApiException(status=answer.status, reason=answer.reason)
    item = json.loads(answer.content)
    if not isinstance(item, dict):
        raise ValueError("no object")
    return item


def read(get: Get, path: str) -> dict[str, Any] | None:
    """The object under `path`; None where there is none, or this user may not look.

    Raises:
        ApiException: any other trouble.
    """
    try:
        return get(path)
    except ApiException as error:
        if error.status in (403, 404):
            return None
        raise


def reason(error: ApiException) -> str:
    """Status and reason; trouble with TLS comes with status 0, and its cause in the last line."""
    text = (str(error.reason or "").splitlines() or [""])[-1]
    return f"{error.status} {text}" if error.status else text


def innermost(error: BaseException) -> str:
    """The cause of the causes; urllib3 wraps it in retries and pools."""
    cause = getattr(error, "reason", None) or error.__cause__ or (error.args or [None])[-1]
    if isinstance(cause, BaseException) and cause is not error:
        return innermost(cause)
    return str(error).rpartition(": ")[2] or type(error).__name__
