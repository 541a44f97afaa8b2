"""A certificate that cert-manager requests, renews, and stores in a Secret."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import apiextensions, core

from components.kubernetes.labels import SKIP_AWAIT
from components.kubernetes.scope import Scope

API = "cert-manager.io/v1"


def secret_name(scope: Scope) -> str:
    """Return the name of the Secret that cert-manager creates."""
    return f"{scope.application.name}-edge-tls"


def request(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> None:
    """Create a Certificate for the hosts of the settings.

    Args:
        name: logical name of the resource.
        scope: the deployment.
        opts: resource options.
    """
    apiextensions.CustomResource(
        name,
        api_version=API,
        kind="Certificate",
        # Pods wait until the Secret exists; the rollout reports the cause.
        metadata=scope.metadata(f"{scope.application.name}-edge", "edge", SKIP_AWAIT),
        spec={
            "secretName": secret_name(scope),
            "dnsNames": list(scope.settings.edge.hosts),
            "issuerRef": {
                "group": API.partition("/")[0],
                "kind": "ClusterIssuer",
                "name": scope.settings.edge.tls.issuer,
            },
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "usages": ["digital signature", "server auth"],
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=scope.name_conflict_hooks(name))),
    )


def certificate(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> core.v1.VolumeProjectionArgs:
    """Create a Certificate, and return the volume source that mounts it under the file names of the edge.

    Args:
        name: logical name of the resource.
        scope: the deployment.
        opts: resource options.

    Returns:
        A projection of the Secret with certificate and key.
    """
    request(name, scope, opts)
    files = {"tls.crt": "certificate.pem", "tls.key": "certificate.pem.key"}
    items = [core.v1.KeyToPathArgs(key=key, path=path) for key, path in files.items()]
    return core.v1.VolumeProjectionArgs(secret=core.v1.SecretProjectionArgs(name=secret_name(scope), items=items))
