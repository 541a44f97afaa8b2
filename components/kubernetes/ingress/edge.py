"""The edge in a cluster: its files, its pods, and the names by which it is reached inside the cluster."""

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
    """HAProxy in front of the application pods.

    Attributes:
        workload: name of its Deployment, known once every pod of this version is ready.
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
        """Create the edge.

        Args:
            name: name of the component.
            scope: the deployment.
            edge: description of the edge.
            service_account: service account of its pods.
            pull_secrets: names of the image pull Secrets.
            opts: resource options of the component.
        """
        super().__init__("mimir:kubernetes:Edge", name, None, opts)
        here = pulumi.ResourceOptions(parent=self)
        service.metrics(f"{name}-metrics", scope, here)
        scaling.budget(f"{name}-budget", scope, "edge", here)
        workload = Workload(
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
        self.workload = workload.workload
        self.register_outputs({"workload": self.workload})


def names_of(scope: Scope) -> tuple[str, ...]:
    """Return the DNS names of the Service, longest first; for a local cluster also the loopback names."""
    full = [scope.application.name, scope.cluster.namespace, "svc", scope.settings.kubernetes.cluster_domain]
    names = tuple(".".join(full[:length]) for length in (4, 3, 2, 1))
    return (*names, "localhost", "127.0.0.1") if scope.cluster.access.is_local else names


def _sources(
    name: str, scope: Scope, edge: Description, opts: pulumi.ResourceOptions
) -> list[core.v1.VolumeProjectionArgs]:
    """Return the sources of the files volume. They are immutable with generated names: a change replaces the pods."""
    backend = Backend(
        f"{service.pods_name(scope)}.{scope.cluster.namespace}.svc.{scope.settings.kubernetes.cluster_domain}",
        scope.application.port,
        max(2, most_pods(scope.settings) + 1),  # one more during an update
    )
    pem = certificate.certificate_for(f"{name}-certificate", scope.settings, names_of(scope), opts)
    # Part of the configuration. It protects pod addresses only, and whoever can read it can list the pods too.
    key = RandomSecret(f"{name}-cookie-key", opts).value if edge.settings.affinity else pulumi.Output.from_input("")
    rendered: pulumi.Output[Files] = pulumi.Output.all(pem, key).apply(
        lambda values: files.render(edge, replace(backend, cookie_key=values[1] or backend.cookie_key), values[0])
    )
    hidden: pulumi.Output[Mapping[str, str]] = rendered.apply(lambda content: pulumi.Output.secret(content.secret))
    plain = core.v1.ConfigMap(
        f"{edge.name}-files",
        metadata=scope.metadata(part="edge"),
        data=pulumi.Output.unsecret(rendered.apply(lambda content: dict(content.plain))),
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
