"""The configuration file in a cluster: an immutable ConfigMap, whose new name rolls the pods."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core

from components.kubernetes.scope import Scope


class ConfigMap(pulumi.ComponentResource):
    """The `config` volume of the plan. Pulumi names it, and makes a new one beside the old for every change.

    Attributes:
        map_name: name of the ConfigMap.
    """

    map_name: pulumi.Output[str]

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mimir:kubernetes:ConfigMap", name, None, opts)
        config = scope.application.config
        made = core.v1.ConfigMap(
            f"{scope.application.name}-config",
            metadata=scope.metadata(part="application"),
            data=dict.fromkeys(config.names, config.content),
            immutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.map_name = made.metadata.name
        self.register_outputs({"map_name": self.map_name})
