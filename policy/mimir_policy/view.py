"""Containers, texts and exposed endpoints, independent of the platform, so that each rule is written once."""

from __future__ import annotations

from dataclasses import dataclass

from mimir_policy.rule import PropertyValue


@dataclass(frozen=True)
class Container:
    """A container, independent of the platform. A value is None if the resource does not set it.

    Attributes:
        image: what it runs.
        non_root: whether it is sure not to run as root.
        read_only_root: whether its root file system is read-only.
        privileged: whether it has every right of its host.
        escalation: whether its processes may gain rights.
        dropped: the capabilities that it gives up.
        added: the capabilities that it asks for.
        seccomp: its profile: RuntimeDefault, Localhost or Unconfined.
        resources: each limit and request that its platform knows.
        probes: each health probe that it should have; a container that ends by itself needs none.
    """

    image: PropertyValue
    non_root: PropertyValue
    read_only_root: PropertyValue
    privileged: PropertyValue
    escalation: PropertyValue
    dropped: PropertyValue
    added: PropertyValue
    seccomp: PropertyValue
    resources: tuple[PropertyValue, ...]
    probes: tuple[PropertyValue, ...]


@dataclass(frozen=True)
class Text:
    """A text that everybody with read access to the resource can read.

    Attributes:
        name: the name that it belongs to, such as that of a variable.
        property_value: the text, and its path.
        hidden_is_safe: whether encryption by Pulumi is enough for a secret in it.
    """

    name: str
    property_value: PropertyValue
    hidden_is_safe: bool


@dataclass(frozen=True)
class Exposure:
    """An endpoint that can be reached from outside of its host or cluster.

    Attributes:
        property_value: the property that exposes it.
        encrypted: whether it speaks TLS.
        redirects: whether it may be a port that only redirects browsers to the encrypted one.
    """

    property_value: PropertyValue
    encrypted: bool
    redirects: bool = False
