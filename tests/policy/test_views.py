"""Pods are found wherever they are; what is not known yet, or secret, is judged as far as it can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mimir_policy.resource import Resource
from mimir_policy.rules import RULES
from mimir_policy.values import UNKNOWN, Hidden
from tests.support.policy import foreign, recorded
from tests.support.policy.changes import DROP, changed
from tests.support.program import SECRET

TLS = {"internal": 8443.0, "external": 443.0}
REDIRECT = {"internal": 8080.0, "external": 80.0}


def made_by(kind: str) -> Resource:
    """A workload of `kind` with the pod of `foreign`."""
    pod, template = foreign.pod(), foreign.template()
    spec = {"Pod": pod, "CronJob": {"jobTemplate": {"spec": {"template": template}}}}.get(kind, {"template": template})
    return foreign.in_cluster(kind, "other", GROUPS[kind], spec=spec)


def test_in_a_namespace_of_others_a_stack_denies_its_own_pods() -> None:
    own = changed(foreign.DENY, {"spec/podSelector": {"matchLabels": foreign.PODS}})
    stranger = changed(foreign.DENY, {"spec/podSelector": {"matchLabels": {"app": "stranger"}}})
    assert "network-policy" not in recorded.tripped(own, foreign.DEPLOYMENT)
    assert "network-policy" in recorded.tripped(stranger, foreign.DEPLOYMENT)
    assert "network-policy" in recorded.tripped(foreign.NAMESPACE, own, foreign.DEPLOYMENT), "its own has no others"


GROUPS = {
    "Pod": "core/v1",
    **dict.fromkeys(("StatefulSet", "DaemonSet", "ReplicaSet"), "apps/v1"),
    **dict.fromkeys(("Job", "CronJob"), "batch/v1"),
}
KINDS = tuple(GROUPS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_pods_of_every_kind_are_judged(kind: str) -> None:
    workload = made_by(kind)
    assert recorded.tripped(*foreign.ON_KUBERNETES, workload) == set()
    path = {"Pod": "spec", "CronJob": "spec/jobTemplate/spec/template/spec"}.get(kind, "spec/template/spec")
    for containers in ("containers", "initContainers"):
        bad = [{**foreign.pod()["containers"][0], "securityContext": {"privileged": True}}]
        tripped = recorded.tripped(*foreign.ON_KUBERNETES, changed(workload, {f"{path}/{containers}": bad}))
        assert tripped >= {"privileges", "read-only-root", "capabilities", "non-root"}
    assert "network-policy" in recorded.tripped(foreign.NAMESPACE, workload)


@pytest.mark.parametrize(("kind", "tripped"), [(kind, kind not in ("Job", "CronJob")) for kind in KINDS])
def test_what_ends_by_itself_needs_no_probes(kind: str, tripped: bool) -> None:
    workload = made_by(kind)
    path = {"Pod": "spec", "CronJob": "spec/jobTemplate/spec/template/spec"}.get(kind, "spec/template/spec")
    without = changed(workload, {f"{path}/containers/0/livenessProbe": DROP})
    assert ("probes" in recorded.tripped(without)) is tripped


def test_a_container_that_only_prepares_needs_no_probes_but_a_sidecar_does() -> None:
    container = {name: value for name, value in foreign.pod()["containers"][0].items() if "Probe" not in name}
    first = "spec/template/spec/initContainers"
    assert recorded.tripped(changed(foreign.DEPLOYMENT, {first: [container]})) == {"network-policy"}
    sidecar = {**container, "restartPolicy": "Always"}
    assert "probes" in recorded.tripped(changed(foreign.DEPLOYMENT, {first: [sidecar]}))


@pytest.mark.parametrize(
    ("ports", "passes"),
    [([TLS], True), ([TLS, REDIRECT], True), ([REDIRECT], False), ([{**REDIRECT, "ip": "::1"}], True)],
)
def test_a_published_port_beyond_loopback_speaks_tls(ports: list[Any], passes: bool) -> None:
    assert recorded.tripped(changed(foreign.CONTAINER, {"ports": ports})) == (set() if passes else {"tls"})


def test_a_public_service_may_send_browsers_from_port_80_to_its_encrypted_port() -> None:
    doors = [{"port": 443.0, "appProtocol": "https"}, {"port": 80.0, "appProtocol": "http"}]
    front = changed(foreign.SERVICE, {"spec": {"type": "LoadBalancer", "ports": doors}})
    assert recorded.tripped(front) == set()


def test_a_service_whose_balancer_encrypts_passes() -> None:
    annotation = "service.beta.kubernetes.io~aws-load-balancer-ssl-cert"
    front = changed(foreign.SERVICE, {"spec/type": "LoadBalancer", f"metadata/annotations/{annotation}": "arn:x"})
    assert recorded.tripped(front) == set()


@pytest.mark.parametrize(("fewest", "tripped"), [(2.0, {"budget"}), (3.0, set())])
def test_a_budget_counts_the_fewest_pods_that_an_autoscaler_leaves(fewest: float, tripped: set[str]) -> None:
    target = {"kind": "Deployment", "name": "other"}
    scaler = foreign.in_cluster(
        "HorizontalPodAutoscaler", "scaler", "autoscaling/v2", spec={"scaleTargetRef": target, "minReplicas": fewest}
    )
    budget = changed(foreign.BUDGET, {"spec/maxUnavailable": DROP, "spec/minAvailable": 2.0})
    stack = [one for one in foreign.ON_KUBERNETES if one is not foreign.BUDGET]
    assert recorded.tripped(*stack, budget, scaler) == tripped


@pytest.mark.parametrize("stack", [foreign.ON_KUBERNETES, foreign.ON_DOCKER, recorded.of("everything")])
def test_nothing_that_is_not_known_yet_trips_or_breaks_a_rule(stack: tuple[Resource, ...]) -> None:
    """In a preview every value may be unknown: the update judges it again."""
    for resource in stack:
        for properties in _each_gone(resource.properties):
            given = {"image-registry": {"registries": ["registry.example.com", "127.0.0.1", "docker.io"]}}
            others = [one for one in stack if one is not resource]
            changed_resource = replace(resource, properties=properties)
            found = recorded.violations(*others, changed_resource, settings=given, changed=changed_resource)
            assert found == [], resource.name


def test_no_message_repeats_a_secret() -> None:
    """Every text of every resource in turn is one: rules judge it, and do not show it."""
    for stack in ("everything", "production on an engine"):
        for resource in recorded.of(stack):
            hidden = replace(resource, properties=_hidden(resource.properties), protect=False)
            texts = [text for _, text in recorded.violations(hidden)]
            assert not [text for text in texts if SECRET in text], resource.name
    spied = changed(foreign.DEPLOYMENT, {"spec/template/spec/containers/0/image": Hidden(f"{SECRET}/x:latest")})
    assert {"image-digest", "image-latest"} <= recorded.tripped(spied), "a secret name is judged all the same"
    long = changed(foreign.CONTAINER, {"image": Hidden(SECRET * 9)})
    [text] = {text for rule, text in recorded.violations(long) if rule == "image-digest"}
    assert "image is a secret; allowed" in text, "and no part of one that is too long to be shown"


def test_a_secret_of_pulumis_is_safe_in_a_container_and_not_in_an_object_of_a_cluster() -> None:
    assert recorded.tripped(changed(foreign.CONTAINER, {"envs": [Hidden(f"TOKEN={SECRET}")]})) == set()
    for path in ("data/key", "metadata/annotations/key"):
        assert recorded.tripped(changed(foreign.CONFIG, {path: Hidden("hunter2")})) == {"secrets"}


def test_a_rule_that_is_configured_judges_by_that() -> None:
    given = {"image-registry": {"registries": ["registry.example.com/team"]}}
    image = "registry.example.com{}/team/app@sha256:" + "ef" * 32
    for text, passes in [(image.format(""), True), (image.format(":5000"), True), (image.format(".evil"), False)]:
        found = recorded.violations(changed(foreign.CONTAINER, {"image": text}), settings=given)
        assert (found == []) is passes, text
    labels = {"labels": {"docker": ["owner"]}}
    assert [rule for rule, _ in recorded.violations(foreign.CONTAINER, settings=labels)] == ["labels"]


def test_settings_have_a_default_for_all_that_can_be_said() -> None:
    assert {name for rule in RULES for name in rule.settings} == {"registries", "platforms", "docker", "kubernetes"}


def _each_gone(value: Any) -> list[Any]:
    """`value` with each of its parts not known yet, one at a time."""
    if isinstance(value, dict):
        return [{**value, key: one} for key in value for one in (UNKNOWN, *_each_gone(value[key]))]
    if isinstance(value, list):
        parts = [(index, one) for index in range(len(value)) for one in (UNKNOWN, *_each_gone(value[index]))]
        return [[*value[:index], one, *value[index + 1 :]] for index, one in parts]
    return []


def _hidden(value: Any) -> Any:
    """`value` with every text in it a secret."""
    if isinstance(value, dict):
        return {key: _hidden(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return Hidden(SECRET) if isinstance(value, str) else value
