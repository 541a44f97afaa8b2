"""A certificate that cert-manager asks for, renews, and keeps in a Secret."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import apiextensions, core

from components.kubernetes.labels import SKIP_AWAIT
from components.kubernetes.scope import Scope

API = "cert-manager.io/v1"


def secret_name(scope: Scope) -> str:
    """Name of the Secret that cert-manager makes."""
    return f"{scope.application.name}-edge-tls"


def request(name: str, scope: Scope, opts: pulumi.ResourceOptions) -> None:
    """Ask for a certificate for the settings' hosts."""
    apiextensions.CustomResource(
        name,
        api_version=API,
        kind="Certificate",
        # Until it is there, its pods wait, and the rollout says why.
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
    """Ask for it, and mount it under the names that the edge's files have."""
    request(name, scope, opts)
    files = {"tls.crt": "certificate.pem", "tls.key": "certificate.pem.key"}
    items = [core.v1.KeyToPathArgs(key=key, path=path) for key, path in files.items()]
    return core.v1.VolumeProjectionArgs(secret=core.v1.SecretProjectionArgs(name=secret_name(scope), items=items))
