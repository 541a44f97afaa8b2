"""The plan's volumes in a cluster: one claim for each that the process may write."""

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
"""What the cluster writes into a claim, its default class among it. `pulumi import` takes it over as if the program had
asked for it; the next update would replace the claim, and the data, because the program does not. So would a default
class that the settings name from now on. Another class than the claim's is refused before that (`existing.claims`)."""


class Claims(pulumi.ComponentResource):
    """The claims. A protected one is refused by `pulumi destroy`, and stays when the stack forgets it.

    Attributes:
        names: names of the claims.
    """

    names: Mapping[VolumeName, pulumi.Output[str]]

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mimir:kubernetes:Claims", name, None, opts)
        application, asked = scope.application, scope.settings.volumes.claims
        self.names = {
            volume.name: core.v1.PersistentVolumeClaim(
                f"{name}-{volume.name}",
                # A class that binds on first use waits for the pod, and the pod for this; the rollout's report says
                # when a claim cannot be had.
                metadata=scope.metadata(f"{application.name}-{volume.name}", "application", SKIP_AWAIT),
                spec=core.v1.PersistentVolumeClaimSpecArgs(
                    access_modes=[asked[volume.name].access_mode],
                    storage_class_name=asked[volume.name].storage_class,
                    resources=core.v1.VolumeResourceRequirementsArgs(
                        requests={"storage": f"{asked[volume.name].size_gib}Gi"}
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
