"""The cluster itself: whether it answers, what it can do, and the provider that talks to it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pulumi
import pulumi_kubernetes
from kubernetes import client as api
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from components.application import application
from components.constants import UPDATE_WOULD_FAIL
from components.kubernetes.cluster import (
    api_server,
    compatibility,
    deletions,
    dns,
    existing_objects,
    kubeconfig,
    permissions,
    prerequisites,
)
from components.kubernetes.cluster.dns import DnsDelay
from components.kubernetes.cluster.kubeconfig import Access
from components.problems import Problem
from components.settings import Settings

FORCE = "PULUMI_K8S_ENABLE_PATCH_FORCE"
"""Variable with which the provider sets fields that another field manager owns (pulumi-kubernetes, provider.go)."""


@dataclass(frozen=True)
class Cluster:
    """A cluster that answers.

    Attributes:
        access: how it is reached.
        namespace: the deployment's namespace in it.
        identity: what tells it from every other cluster, whatever its address is.
        dns_delay: how long after it is ready the edge may not know a pod in it.
        warnings: what the user should know of it; each begins with its key.
    """

    access: Access
    namespace: str
    identity: str
    dns_delay: DnsDelay
    warnings: tuple[str, ...] = ()

    @cached_property
    def client(self) -> api.ApiClient:
        """A client of the API server."""
        return api_server.connect(self.access)

    def client_without_retries(self) -> api.ApiClient:
        """A client for requests that may fail: a repetition would triple the wait."""
        return api_server.connect(self.access, retries=False)

    def read(self, path: str) -> dict[str, Any]:
        """What the API has under `path`, as plain JSON.

        Raises:
            ApiException: any other status than 200.
            ValueError: the answer is no object.
        """
        return api_server.request(self.client, "GET", path)

    def send(self, method: str, path: str, body: Any = None, content_type: str = api_server.JSON) -> None:
        """Change what is under `path`.

        Args:
            method: DELETE or PATCH.
            path: of the object.
            body: what is sent, to be written as JSON.
            content_type: of the body; it says which kind of patch it is.

        Raises:
            ApiException: the API server does not do it.
        """
        api_server.request(self.client, method, path, body, content_type)


def inspect_cluster(settings: Settings, stack: str) -> Cluster | list[Problem]:
    """The cluster that these settings name, or everything because of which it cannot be used."""
    access = kubeconfig.read(settings)
    if isinstance(access, Problem):
        return [access, *compatibility.stack_name_problems(stack)]
    try:
        client = api_server.connect(access, retries=False)  # which would triple the wait for a cluster that is away
        version = api_server.request(client, "GET", "/version")
        identity = _identity(client, access)
        namespace = settings.kubernetes.namespace or f"mimir-{stack}"
        deployment = f"mimir-{stack}"

        def get(path: str) -> dict[str, Any]:
            return api_server.request(client, "GET", path)

        space = existing_objects.namespace(settings, deployment, namespace, access, get)
        refused, unanswered = _permissions(settings, stack, namespace, space.is_there, access, client)
        problems = [
            *compatibility.stack_name_problems(stack),
            *compatibility.version_problems(version),
            *compatibility.registry_problems(settings, access),
            *compatibility.storage_class_problems(settings, client),
            *prerequisites.missing(settings, namespace, get),
            *deletions.deletions(f"mimir-{stack}", namespace, access.kubectl, get),
            *space.problems,
            *([] if space.problems else existing_objects.claims(settings, deployment, namespace, access, get)),
            *existing_objects.node_ports(settings, deployment, namespace, access, get),
        ]
        warnings = [*space.warnings, *unanswered]
        if pulumi.runtime.is_dry_run():  # who may only look can still preview
            warnings += [f"{UPDATE_WOULD_FAIL}{problem}" for problem in refused]
        else:
            problems += refused
        if problems:
            return problems
        return Cluster(access, namespace, identity, dns.delay(settings, namespace, get), tuple(warnings))
    except ApiException as error:
        if error.status in (401, 403):
            return [_refused(access, f"{error.status} {error.reason}")]
        return [_away(access, api_server.reason(error))]
    except ConfigException as error:
        return [_refused(access, str(error).splitlines()[0])]
    except (HTTPError, OSError) as error:
        return [_away(access, api_server.innermost(error))]
    except (ValueError, LookupError, TypeError, AttributeError):  # an answer of another form
        return [_away(access, "what answers there is no Kubernetes API")]


def _permissions(
    settings: Settings, stack: str, namespace: str, namespace_exists: bool, access: Access, client: api.ApiClient
) -> tuple[list[Problem], list[str]]:
    """What this user may not do, and a warning where the cluster does not say."""

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return api_server.request(client, "POST", path, body)

    mimir = application.describe(settings, stack)
    required = permissions.required(settings, mimir, namespace, namespace_exists)
    try:
        lacking = permissions.missing(required, namespace, post)
    except (ApiException, ValueError, LookupError, TypeError) as error:
        why = api_server.reason(error) if isinstance(error, ApiException) else "an answer of another form"
        return [], [
            f"mimir:kubernetes.context: the cluster does not say what this user may do ({why}). The update finds out: "
            f"{access.kubectl} --namespace {namespace} auth can-i --list"
        ]
    return list(permissions.problems(lacking, access, f"mimir-{stack}", post)), []


def provider(
    name: str, settings: Settings, cluster: Cluster, opts: pulumi.ResourceOptions
) -> pulumi_kubernetes.Provider:
    """The provider for exactly this cluster.

    The kubeconfig is handed on as contents: the state of a stack must not depend on what a shell's KUBECONFIG says. Nor
    must it depend on whether an update forces (`make refresh`): the SDK would note it, and the next update would change
    it back. The provider's own process has the variable from the CLI.
    """
    os.environ.pop(FORCE, None)
    return pulumi_kubernetes.Provider(
        name,
        kubeconfig=pulumi.Output.secret(json.dumps(cluster.access.document)),
        context=settings.kubernetes.context,
        # Without it, a new address or certificate of the same cluster would replace everything in it
        # (pulumi-kubernetes#4019).
        cluster_identifier=cluster.identity,
        opts=opts,
    )


def _identity(client: api.ApiClient, access: Access) -> str:
    """The UID of kube-system, by which a cluster is known; its address for those who may not read that."""
    try:
        system = api_server.request(client, "GET", "/api/v1/namespaces/kube-system")
    except ApiException as error:
        if error.status in (403, 404):
            return access.server
        raise
    return str(system["metadata"]["uid"])


def _refused(access: Access, why: str) -> Problem:
    return Problem(
        "mimir:kubernetes.context",
        f'the cluster of "{access.context}" refuses this user ({why})',
        "credentials that may deploy there",
        f"{access.kubectl} auth can-i --list",
    )


def _away(access: Access, why: str) -> Problem:
    return Problem(
        "mimir:kubernetes.context",
        f'no cluster answers at {access.server} for "{access.context}" ({why})',
        "a running cluster that can be reached from here",
        f"{access.kubectl} version" + ("   # a test cluster: make cluster" if access.is_local else ""),
    )
