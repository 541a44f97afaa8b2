"""What the current settings want the deployer to be allowed to do, asked of the cluster before anything is created."""

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
"""Verbs of a server-side apply, and of reading what came of it."""

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
"""Sends an object to a path of the API and gives the answer, or raises ApiException."""


@dataclass(frozen=True)
class Permission:
    """One request that a deployment makes.

    Attributes:
        verb: such as `create`.
        kind: group and resource.
        namespace: empty for a resource of the whole cluster.
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
    """The kinds of the objects that these settings create. A test compares it with what the program creates."""
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
    """Everything that an update with these settings asks of the cluster.

    Args:
        settings: the stack's.
        application: what is deployed.
        namespace: where.
        namespace_exists: whether the namespace is there; then nobody must be allowed to create it.
    """
    for name in sorted(created_kinds(settings, application)):
        kind = KINDS[name]
        if name == "Namespace":
            yield from () if namespace_exists else (Permission(verb, kind, "") for verb in APPLY)
            continue
        # What holds data is kept; everything else goes when the settings, or `pulumi destroy`, say so.
        verbs = APPLY if name == "PersistentVolumeClaim" else (*APPLY, "delete")
        yield from (Permission(verb, kind, namespace) for verb in verbs)
    for kind in WATCHED:
        known = APPLY if kind == KINDS["Deployment"] else ()
        yield from (Permission(verb, kind, namespace) for verb in WATCH if verb not in known)


def missing(permissions: Iterable[Permission], namespace: str, post: Post) -> list[Permission]:
    """Those of `permissions` that the cluster says this user does not have.

    One request asks for all rules in the namespace. A cluster may not know all of them (`incomplete`, and rights in
    the whole cluster), so what these rules do not allow is asked one by one, several at a time.

    Raises:
        ApiException: the cluster does not answer such questions.
        HTTPError: it does not answer at all.
    """
    rules = _rules(namespace, post)
    open_questions = [one for one in permissions if not (one.namespace and any(_covers(rule, one) for rule in rules))]
    with ThreadPoolExecutor(CONCURRENT) as pool:
        allowed = list(pool.map(lambda one: _is_allowed(one, post), open_questions))
    return [permission for permission, is_allowed in zip(open_questions, allowed, strict=True) if not is_allowed]


def problems(lacking: Sequence[Permission], access: Access, name: str, post: Post) -> Iterator[Problem]:
    """One problem for the namespace, and one for the whole cluster, each with the commands that grant what is missing.

    Args:
        lacking: what the user may not do.
        access: how the cluster is reached.
        name: of the deployment.
        post: asks the cluster who the user is.
    """
    inside = [one for one in lacking if one.namespace]
    outside = [one for one in lacking if not one.namespace]
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
    """A line for each resource, with its verbs and its namespace."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for one in permissions:
        verbs.setdefault((one.resource, one.namespace), []).append(one.verb)
    return "\n".join(
        f"                {', '.join(names)} {resource}" + (f" in namespace {namespace}" if namespace else "")
        for (resource, namespace), names in verbs.items()
    )


def _grant(kind: str, permissions: Sequence[Permission], kubectl: str, name: str, post: Post) -> str:
    """The two commands that let this user do it; a role of its own for each set of verbs would be no clearer."""
    verbs = ",".join(dict.fromkeys(one.verb for one in permissions))
    resources = ",".join(dict.fromkeys(one.resource for one in permissions))
    return (
        f"                {kubectl} create {kind} {name} --verb={verbs} --resource={resources}\n"
        f"                {kubectl} create {kind}binding {name} --{kind}={name} --user={shlex.quote(_user(post))}"
    )


def _user(post: Post) -> str:
    """The name by which the cluster knows this user."""
    try:
        review = post(WHO, {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
        return str(review["status"]["userInfo"]["username"])
    except (ApiException, HTTPError, ValueError, LookupError, TypeError):
        return "DEPLOYER"


def _rules(namespace: str, post: Post) -> list[dict[str, Any]]:
    """What the cluster allows in the namespace; nothing where it does not list it."""
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
    asked = (("verbs", permission.verb), ("apiGroups", group), ("resources", plural))
    return not rule.get("resourceNames") and all({"*", value} & set(rule.get(key) or []) for key, value in asked)


def _is_allowed(permission: Permission, post: Post) -> bool:
    group, plural = permission.kind
    attributes = {"verb": permission.verb, "group": group, "resource": plural, "namespace": permission.namespace}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool(post(f"{REVIEWS}/selfsubjectaccessreviews", body)["status"]["allowed"])
