"""The volumes of the plan in a cluster: one claim for each writable volume."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import core

from components.kubernetes.labels import SKIP_AWAIT
from components.kubernetes.scope import Scope
from components.settings import VolumeName

IGNORED = (
    "spec.storageClassName",
    "spec.volumeName",
    "spec.volumeMode",
    "metadata.finalizers",
    *(
        f'metadata.annotations["{annotation}"]'
        for annotation in (
            "pv.kubernetes.io/bind-completed",
            "pv.kubernetes.io/bound-by-controller",
            "volume.beta.kubernetes.io/storage-provisioner",
            "volume.kubernetes.io/selected-node",
            "volume.kubernetes.io/storage-provisioner",
        )
    ),
)
"""Fields that the cluster writes into a claim, such as the default class. `pulumi import` records them as inputs, and
the next update, without them, would replace the claim and its data. Naming the default class in the settings would do
so too. A class other than that of the claim is refused before the update (`existing_objects.claims`)."""


class Claims(pulumi.ComponentResource):
    """The claims. `pulumi destroy` refuses a protected claim, and it is retained when removed from the state.

    Attributes:
        names: names of the claims by volume.
    """

    names: Mapping[VolumeName, pulumi.Output[str]]

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        """Create the claims.

        Args:
            name: name of the component, and prefix of the names of its resources.
            scope: the deployment.
            opts: resource options of the component.
        """
        super().__init__("mimir:kubernetes:Claims", name, None, opts)
        application, claim_settings = scope.application, scope.settings.volumes.claims
        self.names = {
            volume.name: core.v1.PersistentVolumeClaim(
                f"{name}-{volume.name}",
                # A class that binds on first use waits for the pod, and the pod waits for this resource. If a claim
                # cannot be bound, the rollout reports it.
                metadata=scope.metadata(f"{application.name}-{volume.name}", "application", SKIP_AWAIT),
                spec=core.v1.PersistentVolumeClaimSpecArgs(
                    access_modes=[claim_settings[volume.name].access_mode],
                    storage_class_name=claim_settings[volume.name].storage_class,
                    resources=core.v1.VolumeResourceRequirementsArgs(
                        requests={"storage": f"{claim_settings[volume.name].size_gib}Gi"}
                    ),
                ),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    protect=volume.protected,
                    retain_on_delete=volume.protected,
                    ignore_changes=list(IGNORED),
                    hooks=scope.name_conflict_hooks(f"{name}-{volume.name}", name),
                ),
            ).metadata.name
            for volume in application.volumes
            if not volume.read_only
        }
        self.register_outputs({"names": self.names})
