"""An image that is given by its digest: whether the registry has it, for the stack's platforms."""

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

Ask = Callable[[str, str], requests.Response]
"""A request for a path of the repository, and the types of answer that it accepts."""


class _Bearer(AuthBase):
    """A token of the registry's token service."""

    def __init__(self, value: str) -> None:
        self.value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.value}"
        return request


def problems(settings: Settings) -> list[Problem]:
    """Why `image.digest` cannot be deployed; the registry itself is known to answer.

    Follows the distribution specification (GET /v2/<name>/manifests/<digest>).
    """
    digest = settings.image.digest
    if digest is None:
        return []
    where = registry.repository(settings.registry)
    wanted = settings.image.platforms
    try:
        with registry.session(settings) as opened:
            ask = _asker(opened, settings)
            answer = ask(f"manifests/{digest}", MANIFESTS)
            held = _platforms(answer.json(), ask) if answer.ok else set()
    except (requests.RequestException, LookupError, TypeError) as error:
        return [registry.away(settings.registry, f"{type(error).__name__}, asked for {digest}")]
    if answer.status_code in (401, 403):
        # An identity token is for the engine to trade in; nobody can try it here.
        return [] if registry.has_token(settings.registry) else [_problem(digest, f"{where} does not show", wanted)]
    if not answer.ok:
        return [_problem(digest, f"{where} does not have (status {answer.status_code})", wanted)]
    missing = [one for one in wanted if one not in held]
    return [_problem(digest, f"has no {' and no '.join(missing)}", wanted)] if missing else []


def is_missing(settings: Settings, digest: str) -> bool:
    """Whether the registry says that it does not have an image; False where it does not answer, or shows nothing.

    Args:
        settings: the stack's.
        digest: of the image.
    """
    try:
        with registry.session(settings) as opened:
            return _asker(opened, settings)(f"manifests/{digest}", MANIFESTS).status_code == NOT_FOUND
    except (requests.RequestException, LookupError, TypeError, ValueError):
        return False


def _asker(opened: requests.Session, settings: Settings) -> Ask:
    """Requests for the repository, with a login or a token where the registry wants one."""
    stack_registry = settings.registry
    user = registry.credentials(stack_registry)

    def ask(path: str, accept: str) -> requests.Response:
        whole = f"{stack_registry.repository}/{path}"
        answer = registry.ask(opened, stack_registry, whole, user, accept)
        if challenge := registry.bearer_challenge(answer):
            given = registry.token(opened, stack_registry, challenge, user, "pull")
            if given.ok:
                said = given.json()
                token = _Bearer(str(said.get("token") or said.get("access_token")))
                return registry.ask(opened, stack_registry, whole, token, accept)
        return answer

    return ask


def _platforms(document: Any, ask: Ask) -> set[str]:
    """The platforms of an index, or the one of a manifest, which only its configuration tells."""
    if "manifests" in document:
        described = [one.get("platform") or {} for one in document["manifests"]]
    else:
        described = [ask(f"blobs/{document['config']['digest']}", "*/*").json()]
    return {f"{one.get('os')}/{one.get('architecture')}" for one in described}


def _problem(digest: str, what: str, wanted: tuple[str, ...]) -> Problem:
    return Problem(
        KEY,
        f'"{digest}", which {what}',
        f"the digest of an index there for {' and '.join(wanted)} (`image.platforms`)",
        f"{remove(KEY)}   # builds one; or push it there, or leave out DIGEST=",
    )
