"""Containers, texts and open doors as every platform has them, so that each rule is written once."""

from __future__ import annotations

from dataclasses import dataclass

from mimir_policy.rule import PropertyValue


@dataclass(frozen=True)
class Container:
    """A container, in words that know no platform. A value is None where the resource says nothing.

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
    """A text that everybody can read who may look at the resource.

    Attributes:
        name: what it is the value of.
        said: the text itself, and where it is.
        hidden_is_safe: whether a text that Pulumi encrypts is kept from others there.
    """

    name: str
    said: PropertyValue
    hidden_is_safe: bool


@dataclass(frozen=True)
class Exposure:
    """A door that others than the host itself, or its cluster, can reach.

    Attributes:
        said: what opens it.
        encrypted: whether it speaks TLS.
        redirects: whether it may be a door that only sends browsers to the encrypted one.
    """

    said: PropertyValue
    encrypted: bool
    redirects: bool = False
