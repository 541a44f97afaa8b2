"""What a namespace of a cluster must have before anything runs in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mimir_policy.on_kubernetes import pod_of
from mimir_policy.resource import CLAIM, NAMESPACE, Resource
from mimir_policy.rule import Rule, Settings, Violation
from mimir_policy.values import UNKNOWN, dig, is_known, items, mapping

ENFORCE = "pod-security.kubernetes.io/enforce"
RESTRICTED = "restricted"
BOTH = ("Ingress", "Egress")


def _pod_security(resource: Resource, _: Settings) -> Iterator[Violation]:
    profile = dig(resource.properties, "metadata", "labels", ENFORCE)
    if resource.type == NAMESPACE and profile not in (RESTRICTED, UNKNOWN):
        yield Violation(f"metadata.labels[{ENFORCE}]", profile, RESTRICTED)


def _network_policy(resources: Sequence[Resource], _: Settings) -> Iterator[Violation]:
    """A policy that selects every pod and allows nothing, for each direction, in each namespace with pods.

    In a namespace that the stack does not create, a policy that selects the stack's own pods: the stack must not
    isolate others.
    """
    created = {resource.object_name for resource in resources if resource.type == NAMESPACE}
    denials = [
        (resource.namespace, direction, labels) for resource in resources for direction, labels in _denies(resource)
    ]
    reported = set()
    for resource in resources:
        space = resource.namespace
        if pod_of(resource) is None or space is UNKNOWN or space in reported:
            continue
        own = {} if space in created else mapping(dig(resource.properties, "spec", "template", "metadata", "labels"))
        denied = {way for where, way, labels in denials if where in (space, UNKNOWN) and labels.items() <= own.items()}
        open_ways = [way for way in BOTH if way not in denied]
        if open_ways:
            reported.add(space)
            allowed = f"a NetworkPolicy in namespace {space} that denies every pod {' and '.join(open_ways)}"
            yield Violation("metadata.namespace", space, allowed, resource)


def _denies(resource: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The directions that a policy closes, and the labels of the pods for which it does; none for every pod."""
    if not resource.on_kubernetes or resource.kind != "NetworkPolicy":
        return
    if not is_known(dig(resource.properties, "spec")):
        yield from ((way, {}) for way in BOTH)  # perhaps: the update judges it again
        return
    selector = mapping(dig(resource.properties, "spec", "podSelector"))
    if selector.get("matchExpressions"):
        return
    for direction in items(dig(resource.properties, "spec", "policyTypes")):
        if not items(dig(resource.properties, "spec", str(direction).lower())):
            yield direction, mapping(selector.get("matchLabels"))


def _keeps_claims(resources: Sequence[Resource], _: Settings) -> Iterator[Violation]:
    """Deleting a namespace deletes its claims, protected or not."""
    with_claims = {resource.namespace for resource in resources if resource.type == CLAIM}
    for resource in resources:
        if resource.type == NAMESPACE and not resource.protect and resource.object_name in with_claims:
            yield Violation("options.protect", False, "true, because claims are in it", resource)


RULES = (
    Rule(
        name="pod-security",
        what="A namespace refuses pods beyond the profile `restricted`.",
        why="Kubernetes Pod Security Admission, profile restricted; CIS Kubernetes Benchmark 1.9, 5.2.1",
        fix=f"label the namespace {ENFORCE}: {RESTRICTED}",
        severity="high",
        of_resource=_pod_security,
    ),
    Rule(
        name="network-policy",
        what="In a namespace with pods, all traffic in both directions is denied, unless another policy allows it.",
        why="CIS Kubernetes Benchmark 1.9, 5.3.2; NIST SP 800-190 4.3.3 and 4.4.2; plan: Security, Network isolation",
        fix="add a NetworkPolicy with an empty podSelector, policyTypes Ingress and Egress, and no rules",
        severity="high",
        of_stack=_network_policy,
    ),
    Rule(
        name="namespace-protected",
        what="A namespace with claims is protected.",
        why="plan: Backup & Recovery; Kubernetes: a namespace takes everything in it along",
        fix="set the resource option `protect` (for this project's own: `mimir:volumes.protected`)",
        severity="high",
        of_stack=_keeps_claims,
    ),
)
