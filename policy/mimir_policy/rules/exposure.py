"""Doors to the outside are encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from mimir_policy.platforms import exposures_of
from mimir_policy.resource import Resource
from mimir_policy.rule import Rule, Settings, Violation


def _tls(resource: Resource, _: Settings) -> Iterator[Violation]:
    exposures = list(exposures_of(resource))
    has_encrypted = any(exposure.encrypted for exposure in exposures)
    for exposure in exposures:
        if not exposure.encrypted and not (exposure.redirects and has_encrypted):
            yield Violation(
                exposure.property_value.property,
                exposure.property_value.value,
                "TLS, or beside it port 80 that redirects browsers",
            )


RULES = (
    Rule(
        name="tls",
        what="What can be reached from outside speaks TLS: published ports, Services, Ingresses and Gateways.",
        why="NIST SP 800-52 Rev. 2; CIS Docker Benchmark 1.6, 5.14; plan: Data Protection, Secure communication (TLS)",
        fix="turn TLS on (`mimir:edge.tls`), or keep the door closed (`mimir:docker.bindAddress` 127.0.0.1, "
        "`mimir:kubernetes.serviceType` ClusterIP)",
        severity="high",
        of_resource=_tls,
    ),
)
