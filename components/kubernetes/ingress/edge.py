"""The edge in a cluster: its files, its pods, and what they are reached by from inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi
from pulumi_kubernetes import core

from components.edge import certificate
from components.edge.edge_spec import EdgeSpec as Description
from components.edge.haproxy import files
from components.edge.haproxy.backend import Backend
from components.edge.haproxy.files import Files
from components.edge.random_secret import RandomSecret
from components.kubernetes.ingress import cert_manager, edge_pod, service
from components.kubernetes.scope import Scope
from components.kubernetes.workload import scaling
from components.kubernetes.workload.workload import Rollout, Workload
from components.validation.kubernetes import most_pods


class KubernetesEdge(pulumi.ComponentResource):
    """HAProxy in front of the application's pods.

    Attributes:
        workload: the name of its Deployment, known once every pod of this version is ready.
    """

    workload: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        scope: Scope,
        edge: Description,
        *,
        service_account: pulumi.Input[str],
        pull_secrets: Sequence[pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Make it.

        Args:
            name: of the component.
            scope: whose it is.
            edge: what it does.
            service_account: account that its pods run as.
            pull_secrets: names of the Secrets with which its image is pulled.
            opts: Pulumi's.
        """
        super().__init__("mimir:kubernetes:Edge", name, None, opts)
        here = pulumi.ResourceOptions(parent=self)
        service.metrics(f"{name}-metrics", scope, here)
        scaling.budget(f"{name}-budget", scope, "edge", here)
        made = Workload(
            name,
            scope,
            "edge",
            edge_pod.spec(
                scope,
                edge,
                service_account=service_account,
                pull_secrets=pull_secrets,
                sources=_sources(name, scope, edge, here),
            ),
            Rollout(
                replicas=scope.settings.kubernetes.edge_replicas,
                grace_seconds=scope.settings.shutdown.pre_stop_seconds + edge.grace_seconds,
            ),
            here,
        )
        self.workload = made.workload
        self.register_outputs({"workload": self.workload})


def names_of(scope: Scope) -> tuple[str, ...]:
    """The names of the front door in the cluster, the longest first; and from this machine, where that is its node."""
    full = [scope.application.name, scope.cluster.namespace, "svc", scope.settings.kubernetes.cluster_domain]
    names = tuple(".".join(full[:length]) for length in (4, 3, 2, 1))
    return (*names, "localhost", "127.0.0.1") if scope.cluster.access.is_local else names


def _sources(
    name: str, scope: Scope, edge: Description, opts: pulumi.ResourceOptions
) -> list[core.v1.VolumeProjectionArgs]:
    """What the folder of files is made of: immutable objects, named by Pulumi, so that a change rolls the pods."""
    backend = Backend(
        f"{service.pods_name(scope)}.{scope.cluster.namespace}.svc.{scope.settings.kubernetes.cluster_domain}",
        scope.application.port,
        max(2, most_pods(scope.settings) + 1),  # one more during an update
    )
    pem = certificate.certificate_for(f"{name}-certificate", scope.settings, names_of(scope), opts)
    # In the configuration, which whoever sees the pods may read as well: their addresses are all that it protects.
    key = RandomSecret(f"{name}-cookie-key", opts).value if edge.settings.affinity else pulumi.Output.from_input("")
    rendered: pulumi.Output[Files] = pulumi.Output.all(pem, key).apply(
        lambda known: files.render(edge, replace(backend, cookie_key=known[1] or backend.cookie_key), known[0])
    )
    hidden: pulumi.Output[Mapping[str, str]] = rendered.apply(lambda one: pulumi.Output.secret(one.secret))
    plain = core.v1.ConfigMap(
        f"{edge.name}-files",
        metadata=scope.metadata(part="edge"),
        data=pulumi.Output.unsecret(rendered.apply(lambda one: dict(one.plain))),
        immutable=True,
        opts=opts,
    )
    secret = core.v1.Secret(
        f"{edge.name}-files",
        metadata=scope.metadata(part="edge"),
        string_data=hidden,
        immutable=True,
        opts=opts,
    )
    secret_name = pulumi.Output.unsecret(secret.metadata).apply(lambda metadata: str(metadata.name))
    return [
        core.v1.VolumeProjectionArgs(config_map=core.v1.ConfigMapProjectionArgs(name=plain.metadata.name)),
        core.v1.VolumeProjectionArgs(secret=core.v1.SecretProjectionArgs(name=secret_name)),
        *(
            [cert_manager.certificate(f"{name}-issued", scope, opts)]
            if scope.settings.tls_mode == "certManager"
            else []
        ),
    ]
