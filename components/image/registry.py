"""The registry: the name of the repository, requests, and a check before the build that a push is accepted."""

from __future__ import annotations

import ssl

import requests
from docker.auth import load_config
from docker.errors import DockerException
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_environ_proxies, parse_dict_header

from components.problems import Problem
from components.settings import Registry, Settings

TIMEOUT_SECONDS = 10
HUB = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
"""Names of Docker Hub in image references, and the host that serves its images."""


def repository(registry: Registry) -> str:
    """Full name of the repository, without a tag."""
    return f"{registry.address}/{registry.repository}"


def is_loopback(registry: Registry) -> bool:
    """Whether the registry is on this machine, where every client speaks plain HTTP by convention."""
    return is_loopback_host(registry.address.split(":")[0])


def is_loopback_host(host: str) -> bool:
    """Whether a host name or address means this machine."""
    return host in ("localhost", "::1") or host.startswith("127.")


def problems(settings: Settings) -> list[Problem]:
    """Why a push would fail: there is no registry at the address, or it refuses the credentials.

    Follows the distribution specification (GET /v2/) and the token flow that its 401 answer names.
    """
    registry = settings.registry
    user = credentials(registry)
    try:
        with session(settings) as http:
            response = get(http, registry, "", user)
            if challenge := bearer_challenge(response):
                response = token(http, registry, challenge, user)
    except requests.exceptions.SSLError as error:
        return [_untrusted(registry, error)]
    except requests.RequestException as error:
        return [unreachable(registry, type(error).__name__)]
    if response.status_code == 401:
        return [] if user is None and has_token(registry) else [_refused(registry, user)]
    if response.status_code >= 400:
        return [unreachable(registry, f"status {response.status_code} for {response.url}")]
    return []


def session(settings: Settings) -> requests.Session:
    """A session with Docker's proxy and certificate rules: no proxy on loopback, the system's authorities.

    With `trust_env`, requests would use a proxy for loopback, and REQUESTS_CA_BUNDLE would override `verify`.
    """
    http = requests.Session()
    http.trust_env = False
    if not is_loopback(settings.registry):
        http.proxies.update(get_environ_proxies(f"https://{settings.registry.address}/"))
    system = ssl.get_default_verify_paths().cafile
    http.verify = not settings.registry.insecure and (settings.image.ca_bundle or system or True)
    return http


def credentials(registry: Registry) -> HTTPBasicAuth | None:
    """User and password from the settings, or those that `docker login` stored for this registry."""
    if registry.username and registry.password:
        return HTTPBasicAuth(registry.username, registry.password.get_secret_value())
    # In lower case from docker's own file, in camel case from a credential helper.
    stored = {key.lower(): value for key, value in (stored_login(registry) or {}).items()}
    return HTTPBasicAuth(stored["username"], stored["password"]) if stored.get("username") else None


def stored_login(registry: Registry) -> dict[str, str] | None:
    """The login that `docker login` stored for this registry; None without one or without its credential helper."""
    try:
        return load_config().resolve_authconfig(registry.address) or None
    except DockerException:
        return None


def get(
    http: requests.Session, registry: Registry, path: str, user: AuthBase | None, accept: str = "*/*"
) -> requests.Response:
    """GET /v2/`path` over TLS; over plain HTTP on loopback, and where an insecure registry does not speak TLS."""
    url, headers = f"{HUB.get(registry.address, registry.address)}/v2/{path}", {"Accept": accept}
    if not is_loopback(registry):
        try:
            return http.get(f"https://{url}", auth=user, headers=headers, timeout=TIMEOUT_SECONDS)
        except requests.ConnectionError:
            if not registry.insecure:
                raise
    return http.get(f"http://{url}", auth=user, headers=headers, timeout=TIMEOUT_SECONDS)


def bearer_challenge(response: requests.Response) -> str | None:
    """The challenge of a registry that requires a bearer token; None where it does not."""
    challenge = response.headers.get("WWW-Authenticate", "")
    return challenge if response.status_code == 401 and challenge.lower().startswith("bearer ") else None


def has_token(registry: Registry) -> bool:
    """Whether `docker login` stored an identity token, which only the builder can exchange and use."""
    return "IdentityToken" in (stored_login(registry) or {})


def token(
    http: requests.Session,
    registry: Registry,
    challenge: str,
    user: HTTPBasicAuth | None,
    actions: str = "pull,push",
) -> requests.Response:
    """The response of the token service that `challenge` names.

    Args:
        http: the session.
        registry: settings of the registry.
        challenge: the `WWW-Authenticate` header of the registry's response.
        user: the login, if there is one.
        actions: comma-separated actions that the token is to allow.
    """
    fields: dict[str, str] = parse_dict_header(challenge.split(" ", 1)[1])  # type: ignore[no-untyped-call]
    query = {"service": fields.get("service", ""), "scope": f"repository:{registry.repository}:{actions}"}
    return http.get(fields.get("realm", ""), params=query, auth=user, timeout=TIMEOUT_SECONDS)


def unreachable(registry: Registry, reason: str) -> Problem:
    """The problem that no registry answers at the address."""
    host, _, port = registry.address.replace("localhost", "127.0.0.1").partition(":")
    start = f"docker run -d --restart always -p {host}:{port or 80}:5000 registry:2   # or: make tools"
    return Problem(
        "mimir:registry.address",
        f'no registry answers at "{registry.address}" ({reason})',
        "a registry that can be reached from here",
        start if is_loopback(registry) else f"curl -v https://{registry.address}/v2/",
    )


def _untrusted(registry: Registry, error: Exception) -> Problem:
    return Problem(
        "mimir:registry.address",
        f'"{registry.address}" has a certificate that this machine does not trust ({error})',
        "a certificate of an authority in `image.caBundle` or of the system's",
        "pulumi config set --path 'mimir:image.caBundle' /etc/ssl/certs/ca-certificates.crt",
    )


def _refused(registry: Registry, user: HTTPBasicAuth | None) -> Problem:
    if registry.username:
        return Problem(
            "mimir:registry.password",
            f'"{registry.address}" refuses user "{registry.username}" with the password in the settings',
            "credentials that may push",
            "pulumi config set --secret --path 'mimir:registry.password'   # asks for the value",
        )
    login = f'what `docker login` stored for user "{user.username!s}"' if user else "no credentials"
    return Problem(
        "mimir:registry.username",
        f'"{registry.address}" requires a login and refuses {login}',
        "a user and password in the settings, or a stored login",
        f"docker login {registry.address}",
    )
