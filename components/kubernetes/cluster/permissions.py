"""The permissions that an update with the current settings needs, checked before any resource is created."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from components.application.application import Application
from components.edge.public_routes import CONTROLLERS
from components.kubernetes.cluster.kubeconfig import Access
from components.problems import Problem
from components.settings import Settings

REVIEWS = "/apis/authorization.k8s.io/v1"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
CONCURRENT = 8

APPLY = ("get", "create", "patch")
"""Verbs of a server-side apply, and of reading the result."""

WATCH = ("get", "list", "watch")
"""Verbs of the provider's wait for a Deployment."""

WATCHED = (("apps", "deployments"), ("apps", "replicasets"), ("", "pods"))

Kind = tuple[str, str]
"""API group (empty for the core group) and resource, such as `("apps", "deployments")`."""

KINDS: dict[str, Kind] = {
    "Certificate": ("cert-manager.io", "certificates"),
    "ConfigMap": ("", "configmaps"),
    "Deployment": ("apps", "deployments"),
    "HTTPRoute": ("gateway.networking.k8s.io", "httproutes"),
    "HorizontalPodAutoscaler": ("autoscaling", "horizontalpodautoscalers"),
    "Ingress": ("networking.k8s.io", "ingresses"),
    "Namespace": ("", "namespaces"),
    "NetworkPolicy": ("networking.k8s.io", "networkpolicies"),
    "PersistentVolumeClaim": ("", "persistentvolumeclaims"),
    "PodDisruptionBudget": ("policy", "poddisruptionbudgets"),
    "Secret": ("", "secrets"),
    "Service": ("", "services"),
    "ServiceAccount": ("", "serviceaccounts"),
}

Post = Callable[[str, dict[str, Any]], dict[str, Any]]
"""Sends an object to a path of the API and returns the response, or raises ApiException."""


@dataclass(frozen=True)
class Permission:
    """One permission of the deployer.

    Attributes:
        verb: verb such as `create`.
        kind: API group and resource.
        namespace: namespace; empty for a cluster-scoped resource.
    """

    verb: str
    kind: Kind
    namespace: str

    @property
    def resource(self) -> str:
        """The resource as `kubectl` names it, such as `deployments.apps`."""
        group, plural = self.kind
        return f"{plural}.{group}" if group else plural


def created_kinds(settings: Settings, application: Application) -> set[str]:
    """Return the kinds of the objects that these settings create.

    A test compares the result with the objects that the program creates.

    Args:
        settings: settings of the stack.
        application: description of the application.

    Returns:
        The kinds, a subset of KINDS.
    """
    edge, tls = settings.edge.kind, settings.tls_mode
    registry = settings.registry
    ends_tls = edge in ("haproxy", "ingress")
    optional = {
        "Namespace": settings.kubernetes.create_namespace,
        "HorizontalPodAutoscaler": bool(settings.autoscaling.max_replicas),
        "Certificate": ends_tls and tls == "certManager",
        "HTTPRoute": edge == "gateway",
        "Ingress": edge == "ingress",
        "Secret": edge == "haproxy"
        or bool(application.secret_env)
        or bool(registry.username and registry.password)
        or (edge == "ingress" and tls not in ("off", "certManager")),
    }
    assert edge not in CONTROLLERS or optional["HTTPRoute"] or optional["Ingress"]
    return {kind for kind in KINDS if optional.get(kind, True)}


def required(
    settings: Settings, application: Application, namespace: str, namespace_exists: bool
) -> Iterator[Permission]:
    """Yield the permissions that an update with these settings needs.

    Args:
        settings: settings of the stack.
        application: description of the application.
        namespace: namespace of the deployment.
        namespace_exists: whether the namespace exists; then no permission to create it is needed.

    Yields:
        The permissions.
    """
    for name in sorted(created_kinds(settings, application)):
        kind = KINDS[name]
        if name == "Namespace":
            yield from () if namespace_exists else (Permission(verb, kind, "") for verb in APPLY)
            continue
        # Claims are never deleted. Everything else is, by a settings change or by `pulumi destroy`.
        verbs = APPLY if name == "PersistentVolumeClaim" else (*APPLY, "delete")
        yield from (Permission(verb, kind, namespace) for verb in verbs)
    for kind in WATCHED:
        required_verbs = APPLY if kind == KINDS["Deployment"] else ()
        yield from (Permission(verb, kind, namespace) for verb in WATCH if verb not in required_verbs)


def missing(permissions: Iterable[Permission], namespace: str, post: Post) -> list[Permission]:
    """Return the permissions that this user does not have.

    One SelfSubjectRulesReview lists the rules in the namespace. The list may be incomplete (`incomplete`), and it does
    not cover the whole cluster. What these rules do not allow is checked with one SelfSubjectAccessReview each, several
    at a time.

    Args:
        permissions: permissions to check.
        namespace: namespace of the deployment.
        post: sends an object to a path of the API.

    Returns:
        The permissions that the cluster denies.

    Raises:
        ApiException: the API server refuses an access review.
        HTTPError: the API server does not respond.
    """
    rules = _rules(namespace, post)
    unresolved = [
        entry for entry in permissions if not (entry.namespace and any(_covers(rule, entry) for rule in rules))
    ]
    with ThreadPoolExecutor(CONCURRENT) as pool:
        allowed = list(pool.map(lambda entry: _is_allowed(entry, post), unresolved))
    return [permission for permission, is_allowed in zip(unresolved, allowed, strict=True) if not is_allowed]


def problems(lacking: Sequence[Permission], access: Access, name: str, post: Post) -> Iterator[Problem]:
    """Yield one problem for the namespace and one for the cluster scope, with the commands that grant the permissions.

    Args:
        lacking: permissions that the user does not have.
        access: how to reach the cluster.
        name: name of the deployment.
        post: sends an object to a path of the API, to find the user name.

    Yields:
        At most two problems.
    """
    inside = [permission for permission in lacking if permission.namespace]
    outside = [permission for permission in lacking if not permission.namespace]
    if outside:
        yield Problem(
            "mimir:kubernetes.createNamespace",
            f"this user may not:\n{_listed(outside)}",
            "a user who may create a namespace, or false with an existing one in `kubernetes.namespace`",
            "pulumi config set --path 'mimir:kubernetes.createNamespace' false   # or, as an administrator:\n"
            + _grant("clusterrole", outside, access.kubectl, f"{name}-deployer", post),
        )
    if inside:
        kubectl = f"{access.kubectl} --namespace {inside[0].namespace}"
        first = f"{kubectl} auth can-i {inside[0].verb} {inside[0].resource}   # asks; an administrator grants:\n"
        yield Problem(
            "mimir:kubernetes.context",
            f"this user may not:\n{_listed(inside)}",
            "credentials that may do all of it",
            first + _grant("role", inside, kubectl, f"{name}-deployer", post),
        )


def _listed(permissions: Sequence[Permission]) -> str:
    """Format one line per resource, with its verbs and its namespace."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for permission in permissions:
        verbs.setdefault((permission.resource, permission.namespace), []).append(permission.verb)
    return "\n".join(
        f"                {', '.join(names)} {resource}" + (f" in namespace {namespace}" if namespace else "")
        for (resource, namespace), names in verbs.items()
    )


def _grant(kind: str, permissions: Sequence[Permission], kubectl: str, name: str, post: Post) -> str:
    """Return the two commands that grant the permissions, with one role for all verbs and resources."""
    verbs = ",".join(dict.fromkeys(permission.verb for permission in permissions))
    resources = ",".join(dict.fromkeys(permission.resource for permission in permissions))
    return (
        f"                {kubectl} create {kind} {name} --verb={verbs} --resource={resources}\n"
        f"                {kubectl} create {kind}binding {name} --{kind}={name} --user={shlex.quote(_user(post))}"
    )


def _user(post: Post) -> str:
    """Return the user name in the cluster, or a placeholder if the cluster does not report it."""
    try:
        review = post(WHO, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
        return str(review["status"]["userInfo"]["username"])
    except (ApiException, HTTPError, ValueError, LookupError, TypeError):
        return "DEPLOYER"


def _rules(namespace: str, post: Post) -> list[dict[str, Any]]:
    """Return the rules of this user in the namespace; empty if the cluster does not list them."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    try:
        rules = post(f"{REVIEWS}/selfsubjectrulesreviews", body)["status"]["resourceRules"]
    except (ApiException, LookupError, TypeError):
        return []
    return list(rules or [])


def _covers(rule: dict[str, Any], permission: Permission) -> bool:
    group, plural = permission.kind
    requested = (("verbs", permission.verb), ("apiGroups", group), ("resources", plural))
    return not rule.get("resourceNames") and all({"*", value} & set(rule.get(key) or []) for key, value in requested)


def _is_allowed(permission: Permission, post: Post) -> bool:
    group, plural = permission.kind
    attributes = {"verb": permission.verb, "group": group, "resource": plural, "namespace": permission.namespace}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool(post(f"{REVIEWS}/selfsubjectaccessreviews", body)["status"]["allowed"])
