"""The connection to a cluster: its checks before a deployment, and the Pulumi provider for it."""

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
"""Environment variable that makes the provider overwrite fields of other field managers (pulumi-kubernetes,
provider.go)."""


@dataclass(frozen=True)
class Cluster:
    """A cluster that is reachable and passed all checks.

    Attributes:
        access: how to reach the cluster.
        namespace: namespace of the deployment.
        identity: identifier of the cluster that does not depend on its address.
        dns_delay: how long the edge may not resolve a pod that is ready.
        warnings: warnings for the user; each begins with its settings key.
    """

    access: Access
    namespace: str
    identity: str
    dns_delay: DnsDelay
    warnings: tuple[str, ...] = ()

    @cached_property
    def client(self) -> api.ApiClient:
        """The client of the API server, with retries."""
        return api_server.connect(self.access)

    def client_without_retries(self) -> api.ApiClient:
        """Create a client for requests that may fail; retries would triple the wait."""
        return api_server.connect(self.access, retries=False)

    def read(self, path: str) -> dict[str, Any]:
        """Read the object under a path, as plain JSON.

        Args:
            path: path of the object.

        Returns:
            The object.

        Raises:
            ApiException: the status is not 200, 201 or 202.
            ValueError: the response is not a JSON object.
        """
        return api_server.request(self.client, "GET", path)

    def send(self, method: str, path: str, body: Any = None, content_type: str = api_server.JSON) -> None:
        """Delete or patch the object under a path.

        Args:
            method: DELETE or PATCH.
            path: path of the object.
            body: object to send as JSON.
            content_type: media type of the body. For PATCH it selects the kind of patch.

        Raises:
            ApiException: the API server refuses the request.
            ValueError: the response is not a JSON object.
        """
        api_server.request(self.client, method, path, body, content_type)


def inspect_cluster(settings: Settings, stack: str) -> Cluster | list[Problem]:
    """Connect to the cluster of the settings, and check that the stack can be deployed to it.

    Args:
        settings: settings of the stack.
        stack: name of the stack.

    Returns:
        The cluster, or all problems that prevent a deployment.
    """
    access = kubeconfig.read(settings)
    if isinstance(access, Problem):
        return [access, *compatibility.stack_name_problems(stack)]
    try:
        client = api_server.connect(access, retries=False)  # they triple the wait for an unreachable cluster
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
        if pulumi.runtime.is_dry_run():  # a preview needs read access only
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
    except (ValueError, LookupError, TypeError, AttributeError):  # a response of another form
        return [_away(access, "what answers there is no Kubernetes API")]


def _permissions(
    settings: Settings, stack: str, namespace: str, namespace_exists: bool, access: Access, client: api.ApiClient
) -> tuple[list[Problem], list[str]]:
    """Return the permissions that this user lacks, and a warning if the cluster does not report them."""

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
    """Create the provider for this cluster.

    The kubeconfig is passed as contents, so that the state of the stack does not depend on KUBECONFIG in the shell.
    FORCE is removed from the environment of this process: the SDK would write it to the state (`make refresh` sets it),
    and the next update would show a change. The provider process gets the variable from the Pulumi CLI.

    Args:
        name: logical name of the provider.
        settings: settings of the stack.
        cluster: cluster to connect to.
        opts: resource options of the provider.

    Returns:
        The provider.
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
    """Return the UID of namespace kube-system, or the URL of the API server if this user may not read it."""
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
