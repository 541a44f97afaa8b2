"""A prebuilt image (`image.digest`): whether the registry has it, for the stack's platforms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from requests.auth import AuthBase

from components.image import registry
from components.problems import Problem, remove
from components.settings import Settings

KEY = "mimir:image.digest"
MANIFESTS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
"""What a digest may name: an index, or the manifest of one platform, in OCI's form or Docker's."""

NOT_FOUND = 404

Request = Callable[[str, str], requests.Response]
"""A request for a path of the repository, and the types of answer that it accepts."""


class _Bearer(AuthBase):
    """A token of the registry's token service."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.value}"
        return request


def problems(settings: Settings) -> list[Problem]:
    """Why `image.digest` cannot be deployed; the registry itself has been checked before.

    Follows the distribution specification (GET /v2/<name>/manifests/<digest>).
    """
    digest = settings.image.digest
    if digest is None:
        return []
    repository = registry.repository(settings.registry)
    expected = settings.image.platforms
    try:
        with registry.session(settings) as http:
            request = _requester(http, settings)
            response = request(f"manifests/{digest}", MANIFESTS)
            available = _platforms(response.json(), request) if response.ok else set()
    except (requests.RequestException, LookupError, TypeError) as error:
        return [registry.unreachable(settings.registry, f"{type(error).__name__}, asked for {digest}")]
    if response.status_code in (401, 403):
        # Only the engine can exchange an identity token, so it cannot be checked here.
        return (
            [] if registry.has_token(settings.registry) else [_problem(digest, f"{repository} does not show", expected)]
        )
    if not response.ok:
        return [_problem(digest, f"{repository} does not have (status {response.status_code})", expected)]
    missing = [platform for platform in expected if platform not in available]
    return [_problem(digest, f"has no {' and no '.join(missing)}", expected)] if missing else []


def is_missing(settings: Settings, digest: str) -> bool:
    """Whether the registry says that it does not have an image; False where it does not answer, or shows nothing.

    Args:
        settings: the stack's.
        digest: of the image.
    """
    try:
        with registry.session(settings) as http:
            return _requester(http, settings)(f"manifests/{digest}", MANIFESTS).status_code == NOT_FOUND
    except (requests.RequestException, LookupError, TypeError, ValueError):
        return False


def _requester(http: requests.Session, settings: Settings) -> Request:
    """Requests for the repository, with a login or a token where the registry requires one."""
    stack_registry = settings.registry
    user = registry.credentials(stack_registry)

    def request(path: str, accept: str) -> requests.Response:
        full_path = f"{stack_registry.repository}/{path}"
        response = registry.get(http, stack_registry, full_path, user, accept)
        if challenge := registry.bearer_challenge(response):
            token_response = registry.token(http, stack_registry, challenge, user, "pull")
            if token_response.ok:
                body = token_response.json()
                token = _Bearer(str(body.get("token") or body.get("access_token")))
                return registry.get(http, stack_registry, full_path, token, accept)
        return response

    return request


def _platforms(document: Any, request: Request) -> set[str]:
    """The platforms of an index, or the platform of a manifest, which is in its configuration."""
    if "manifests" in document:
        platforms = [manifest.get("platform") or {} for manifest in document["manifests"]]
    else:
        platforms = [request(f"blobs/{document['config']['digest']}", "*/*").json()]
    return {f"{platform.get('os')}/{platform.get('architecture')}" for platform in platforms}


def _problem(digest: str, what: str, expected: tuple[str, ...]) -> Problem:
    return Problem(
        KEY,
        f'"{digest}", which {what}',
        f"the digest of an index there for {' and '.join(expected)} (`image.platforms`)",
        f"{remove(KEY)}   # builds one; or push it there, or leave out DIGEST=",
    )
