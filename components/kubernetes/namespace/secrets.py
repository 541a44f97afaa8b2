"""Secrets in a cluster: environment variables of the application, and credentials to pull images."""

from __future__ import annotations

import base64
import json

import pulumi
from pulumi_kubernetes import core

from components.kubernetes.scope import Scope
from components.settings import Registry


class Secrets(pulumi.ComponentResource):
    """Immutable Secrets with generated names, so that a change replaces the pods.

    Attributes:
        env: name of the Secret with environment variables; None if there are none.
        pull: names of the image pull Secrets.
    """

    env: pulumi.Output[str] | None
    pull: list[pulumi.Input[str]]

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        """Create the Secrets.

        Args:
            name: name of the component.
            scope: the deployment.
            opts: resource options of the component.
        """
        super().__init__("mimir:kubernetes:Secrets", name, None, opts)
        settings, application = scope.settings, scope.application
        self.env = None
        if application.secret_env:
            values = {key: value.get_secret_value() for key, value in application.secret_env.items()}
            self.env = _name(
                core.v1.Secret(
                    f"{application.name}-env",
                    metadata=scope.metadata(part="application"),
                    string_data=pulumi.Output.secret(values),
                    immutable=True,
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )
        self.pull = list(settings.kubernetes.pull_secrets)
        if login := _docker_config(settings.registry):
            self.pull.append(
                _name(
                    core.v1.Secret(
                        f"{application.name}-pull",
                        metadata=scope.metadata(),
                        type="kubernetes.io/dockerconfigjson",
                        string_data=pulumi.Output.secret({".dockerconfigjson": login}),
                        immutable=True,
                        opts=pulumi.ResourceOptions(parent=self),
                    )
                )
            )
        self.register_outputs({"env": self.env, "pull": self.pull})


def _name(secret: core.v1.Secret) -> pulumi.Output[str]:
    """Return the name as a plain output. Otherwise its references, and the stack outputs, would be secret too."""
    return pulumi.Output.unsecret(secret.metadata).apply(lambda metadata: str(metadata.name))


def _docker_config(registry: Registry) -> str | None:
    """Return the registry credentials as a Docker configuration file; None if the settings have none."""
    if not (registry.username and registry.password):
        return None
    user, password = registry.username, registry.password.get_secret_value()
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return json.dumps({"auths": {registry.address: {"username": user, "password": password, "auth": auth}}})
