"""The configuration file in a cluster: an immutable ConfigMap, whose new name replaces the pods."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core

from components.kubernetes.scope import Scope


class ConfigMap(pulumi.ComponentResource):
    """The `config` volume of the plan. Its name is generated: each change creates a new ConfigMap beside the old one.

    Attributes:
        map_name: name of the ConfigMap.
    """

    map_name: pulumi.Output[str]

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        """Create the ConfigMap.

        Args:
            name: name of the component.
            scope: the deployment.
            opts: resource options of the component.
        """
        super().__init__("mimir:kubernetes:ConfigMap", name, None, opts)
        config = scope.application.config
        config_map = core.v1.ConfigMap(
            f"{scope.application.name}-config",
            metadata=scope.metadata(part="application"),
            data=dict.fromkeys(config.names, config.content),
            immutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.map_name = config_map.metadata.name
        self.register_outputs({"map_name": self.map_name})
