"""Whatever a setting is set to, the pack knows what the program makes of it, and refuses only an unsafe choice."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from components.validation.kubernetes import ELSEWHERE
from tests.audit import stacks
from tests.support import each_setting
from tests.support.configuration import Config, merged
from tests.support.edge_tables import GIVEN
from tests.support.policy import recorded
from tests.support.settings_tables import SHARED

REGISTRIES = ["127.0.0.1", "localhost", "10.0.0.1", "docker.io/library"]
ALLOWED = {
    "image-registry": {"registries": [*REGISTRIES, "registry.example.com", "mirror.example.com", "registry:443"]}
}

UNSAFE: Mapping[str, tuple[set[str], set[str]]] = {
    "docker.bindAddress": ({"0.0.0.0", "255.255.255.255"}, {"tls"}),
    "edge.image": ({"haproxy:3.2-alpine"}, {"image-digest"}),
    "edge.ingressClass": ({"nginx"}, {"tls"}),
    "edge.kind": ({"ingress"}, {"tls"}),
    "kubernetes.nodePort": ({"30000", "32767"}, {"tls"}),
    "kubernetes.redirectNodePort": ({"30000", "32767"}, {"tls"}),
    "kubernetes.serviceType": ({"NodePort", "LoadBalancer"}, {"tls"}),
    "liveReload": ({"True", "true"}, {"host", "image-platforms", "volume-protected"}),
    "volumes.protected": ({"[]", "['data']"}, {"volume-protected", "namespace-protected"}),
}
"""Values that a setting takes and production does not, with the rules that say so."""

CHOICES = {*UNSAFE, "edge.tls.mode", "docker.restart"}
"""Settings of which every value makes something else."""

CASES = [(platform, key) for platform in ELSEWHERE for key in each_setting.settings_of(platform)]


@pytest.mark.parametrize(("platform", "key"), CASES, ids=[f"{platform} {key}" for platform, key in CASES])
def test_only_an_unsafe_value_is_refused(platform: str, key: str) -> None:
    values = each_setting.settings_of(platform)[key]
    for value in values if key in CHOICES else values[-1:]:
        _, config = each_setting.configurations(platform, key, value)
        unsafe, rules = UNSAFE.get(key, (set(), set()))
        found = judged(config)
        assert {rule for rule, _ in found} <= (rules if str(value) in unsafe else set()), (value, found)
        assert str(value) not in unsafe or found or platform == "docker", f"{value} is as safe as others: update UNSAFE"


COMBINATIONS: Mapping[str, Config] = {
    "a certificate of one's own": merged(GIVEN, recorded.CLUSTER_FRONT),
    "autoscaling": {"autoscaling": {"minReplicas": 2, "maxReplicas": 5}, "kubernetes": {"replicas": None}, **SHARED},
    "network": {"network": stacks.NETWORK},
    "callers": {"edge": {"authentication": {"apiKeys": {"ci": hashlib.sha256(b"ci").hexdigest()}}}},
    "a redirect": {"edge": {"port": 443, "redirectPort": 80, "hosts": ["mimir.example.com"]}, **recorded.CLUSTER_FRONT},
    "origins": {"edge": {"corsOrigins": ["https://app.example.com"], "trustedProxies": ["10.0.0.0/8"]}},
}


@pytest.mark.parametrize("name", COMBINATIONS)
def test_stack_prod_passes_with(name: str) -> None:
    run = stacks.prod(COMBINATIONS[name])
    assert recorded.violations(*map(recorded.resource, run.resources)) == []


@pytest.mark.parametrize("number", range(3))
def test_public_material_on_a_cluster_is_no_secret(number: int) -> None:
    """A public key, the audience and issuer of tokens, and the paths of an application may look random."""
    looks_random = base64.urlsafe_b64encode(hashlib.sha512(bytes([number])).digest()).decode()[:40].replace("-", "x")
    jwt = {"publicKey": public_key(), "audience": looks_random, "issuer": f"https://login.example.com/{looks_random}"}
    edge = {"authentication": {"jwt": jwt}, "paths": [f"/reports/{looks_random}", f"/{looks_random}/{{}}"]}
    run = stacks.prod({"edge": edge})
    resources = [recorded.resource(one) for one in run.resources]
    assert any(looks_random in str(one.properties) for one in resources), "nothing of it is in the clear"
    assert recorded.violations(*resources) == []


def public_key() -> str:
    """A new RSA key's public half, in PEM."""
    key = rsa.generate_private_key(65537, 2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def judged(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the pack has against the resources of a stack."""
    resources = each_setting.run(json.dumps(config)).resources
    return recorded.violations(*map(recorded.resource, resources), settings=ALLOWED)
