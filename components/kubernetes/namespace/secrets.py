"""Secrets in a cluster: the process's variables, and the registry's credentials for pulling."""

from __future__ import annotations

import base64
import json

import pulumi
from pulumi_kubernetes import core

from components.kubernetes.scope import Scope
from components.settings import Registry


class Secrets(pulumi.ComponentResource):
    """Immutable Secrets, named by Pulumi, so that a change rolls the pods.

    Attributes:
        env: name of the Secret with the variables, or None where there is none.
        pull: names of the Secrets with which images are pulled.
    """

    env: pulumi.Output[str] | None
    pull: list[pulumi.Input[str]]

    def __init__(self, name: str, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
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
    """The name, which is none: whatever refers to it would be hidden too, and so would the stack's outputs."""
    return pulumi.Output.unsecret(secret.metadata).apply(lambda metadata: str(metadata.name))


def _docker_config(registry: Registry) -> str | None:
    """The settings' credentials in the form of Docker's configuration file, which is what a cluster reads."""
    if not (registry.username and registry.password):
        return None
    user, password = registry.username, registry.password.get_secret_value()
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return json.dumps({"auths": {registry.address: {"username": user, "password": password, "auth": auth}}})
