"""The pack as the CLI runs it: a process that is asked over gRPC."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime import proto, rpc
from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from mimir_policy.rules import RULES
from tests.support.policy import foreign
from tests.support.policy.changes import changed
from tests.support.program import SECRET
from tests.support.project import PROJECT


@pytest.fixture(scope="module")
def pack() -> Iterator[Any]:
    """A client of the pack, started the way that Pulumi's runner starts it."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
    with subprocess.Popen(command, cwd=PROJECT / "policy", stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield analyzer_pb2_grpc.AnalyzerStub(grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}"))
        finally:
            process.kill()


def secret(value: Any) -> dict[str, Any]:
    """A value that Pulumi encrypts, as it travels."""
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def asked(type: str, properties: dict[str, Any], protect: bool = False) -> Any:
    """The request to judge a resource."""
    struct = Struct()
    struct.update(properties)
    options = proto.AnalyzerResourceOptions(protect=protect)
    return proto.AnalyzeRequest(urn="urn:one", type=type, name="one", properties=struct, options=options)


def container(changes: dict[str, Any]) -> Any:
    """The request to judge a container of others with changes."""
    resource = changed(foreign.CONTAINER, changes)
    return asked(resource.type, dict(resource.properties))


def test_every_rule_is_a_policy_that_stops_by_itself(pack: Any) -> None:
    info = pack.GetAnalyzerInfo(Empty())
    assert [policy.name for policy in info.policies] == [rule.name for rule in RULES]
    assert {policy.enforcementLevel for policy in info.policies} == {proto.MANDATORY}
    assert all(policy.remediation_steps and policy.severity for policy in info.policies)


def test_a_violation_names_the_rule_the_resource_the_property_and_the_fix(pack: Any) -> None:
    [found] = pack.Analyze(container({"user": "root"})).diagnostics
    assert (found.policyName, found.enforcementLevel) == ("non-root", proto.MANDATORY)
    assert "Container one: user is 'root'" in found.message
    assert "fix: set `user` to numbers" in found.message


def test_what_is_not_known_yet_is_not_spoken_of(pack: Any) -> None:
    """By itself the SDK would say of each rule that it cannot be run."""
    assert not pack.Analyze(container({"image": UNKNOWN_STRING_VALUE})).diagnostics
    assert not pack.Analyze(container({"envs": [UNKNOWN_STRING_VALUE]})).diagnostics


def test_a_secret_is_told_from_a_plain_text_and_never_repeated(pack: Any) -> None:
    """By itself the SDK hands it over like any other text."""
    assert not pack.Analyze(container({"envs": [secret(f"TOKEN={SECRET}")]})).diagnostics
    assert [one.policyName for one in pack.Analyze(container({"envs": [f"TOKEN={SECRET}"]})).diagnostics] == ["secrets"]
    answer = pack.Analyze(container({"image": secret(f"{SECRET}:latest"), "command": secret([SECRET])}))
    assert {one.policyName for one in answer.diagnostics} >= {"image-digest", "image-latest", "secrets"}
    assert SECRET not in str(answer)


def test_a_stack_is_judged_with_the_resources_named(pack: Any) -> None:
    resources = []
    for index, one in enumerate([foreign.NAMESPACE, foreign.DEPLOYMENT]):
        request = asked(one.type, dict(one.properties), protect=True)
        fields = {"type": request.type, "properties": request.properties, "options": request.options}
        resources.append(proto.AnalyzerResource(urn=f"urn:{index}", name=one.name, **fields))
    [found] = pack.AnalyzeStack(proto.AnalyzeStackRequest(resources=resources)).diagnostics
    assert (found.policyName, found.urn) == ("network-policy", "urn:1")


def test_the_configuration_says_how_strict_it_is_and_what_is_allowed(pack: Any) -> None:
    properties = Struct()
    properties.update({"registries": ["registry.example.com"]})
    strict = proto.PolicyConfig(enforcementLevel=proto.ADVISORY, properties=properties)
    pack.Configure(proto.ConfigureAnalyzerRequest(policyConfig={"image-registry": strict}))
    try:
        [found] = pack.Analyze(container({})).diagnostics
    finally:
        pack.Configure(proto.ConfigureAnalyzerRequest())
    assert (found.policyName, found.enforcementLevel) == ("image-registry", proto.ADVISORY)
    assert "an image from registry.example.com." in found.message
