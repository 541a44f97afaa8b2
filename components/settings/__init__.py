"""The settings of a stack.

Each section is one object in `Pulumi.<stack>.yaml` (`pulumi config set --path 'mimir:environment.port' 8080`).
This package is the only definition of each setting, its unit, its default and its limits:
`Pulumi.yaml` and `docs/settings.md` are generated from it (`make docs`). It creates no Pulumi resources.
"""

from __future__ import annotations

from typing import Literal

from components.settings.build import Image, Registry, Source
from components.settings.docker import Docker
from components.settings.edge import EdgeSettings
from components.settings.kubernetes import Autoscaling, Kubernetes
from components.settings.network import Network
from components.settings.process import Environment, Limits, Logging, Probe, Shutdown
from components.settings.schema import Section, setting
from components.settings.volumes import VolumeName, Volumes

__all__ = ["Environment", "Limits", "Registry", "Settings", "Source", "VolumeName"]


class Settings(Section):
    """The whole stack."""

    platform: Literal["docker", "kubernetes"] = setting(
        "docker", "Where the application runs.", allowed="docker or kubernetes"
    )
    runtime: Literal["development", "production"] = setting(
        "development",
        "The plan's environment: production wants a JWT secret and logs JSON.",
        allowed="development or production",
    )
    contract: str = setting(
        "mimir-b0006f9",
        "Which application version's behaviour to expect: a name in components/application/contract.py.",
        allowed="a contract in components/application/contract.py",
    )
    live_reload: bool = setting(
        False, "Development mode: the source folder is mounted, rebuilt and restarted on save.", allowed="true or false"
    )
    source: Source = Source()
    image: Image = Image()
    registry: Registry = Registry()
    environment: Environment = Environment()
    probe: Probe = Probe()
    limits: Limits = Limits()
    shutdown: Shutdown = Shutdown()
    logging: Logging = Logging()
    volumes: Volumes = Volumes()
    docker: Docker = Docker()
    kubernetes: Kubernetes = Kubernetes()
    autoscaling: Autoscaling = Autoscaling()
    network: Network = Network()
    edge: EdgeSettings = EdgeSettings()

    @property
    def tls_mode(self) -> str:
        """The source of the edge's certificate, or `off` (`edge.tls.mode` with its default applied)."""
        return self.edge.tls.mode or ("selfSigned" if self.runtime == "production" else "off")

    @property
    def authentication_required(self) -> bool:
        """Whether the edge rejects requests without a valid key, password or token."""
        required = self.edge.authentication.required
        return self.runtime == "production" if required is None else required

    @property
    def edge_port(self) -> int:
        """TCP port on which clients reach the deployment."""
        return self.edge.port or self.environment.port

    @property
    def log_format(self) -> str:
        """Format of the application's request log: `text` or `json`."""
        return self.logging.format or ("json" if self.runtime == "production" else "text")
