"""The Docker engine."""

from __future__ import annotations

from typing import Literal

from components.settings.schema import Section, setting


class Docker(Section):
    """The Docker engine, for `platform: docker`."""

    host: str | None = setting(
        None,
        "Engine's address; by default DOCKER_HOST, or the engine's usual socket.",
        allowed="unix://, tcp:// or ssh:// address",
        example="unix:///var/run/docker.sock",
        pattern=r"^(unix|tcp|ssh|npipe)://.+$",
    )
    bind_address: str = setting(
        "127.0.0.1",
        "Host address on which the edge's ports are published; loopback, until you mean it.",
        allowed="an IPv4 address",
        pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
    )
    restart: Literal["no", "on-failure", "always", "unless-stopped"] = setting(
        "always",
        "Restart policy of the containers. With another one than `always` the service may stay down after the engine "
        "or its host was restarted.",
        allowed="no, on-failure, always or unless-stopped",
    )
    metrics_port: int | None = setting(
        None,
        "Port on 127.0.0.1 of the engine's host for the metrics; by default only containers of the network see them.",
        allowed="1 to 65535",
        example=9090,
        ge=1,
        le=65_535,
    )
    keep_images: int = setting(
        5,
        "Images of this stack that stay on the engine: the one that runs, and those that ran before it. Older ones are "
        "removed at the end of an update, unless another stack keeps them or a container uses them.",
        allowed="1 to 100",
        ge=1,
        le=100,
    )
