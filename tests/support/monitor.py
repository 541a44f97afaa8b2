"""Pulumi's engine and the providers as a program meets them: every resource is remembered, and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from tests.support import property_wire

DIGEST = "sha256:" + "ab" * 32
NODE_PORT = 30080
SUFFIX = "0a1b2c3d"
"""What Pulumi puts behind the names that it makes."""

IMAGE_ID = "sha256:" + "cd" * 32
"""What an engine calls the images that it has pulled."""

CERTIFICATE = {"chain": "a chain", "key": "a private key", "fingerprint": "a fingerprint", "expires": "a day"}
"""A self-signed certificate."""

BALANCER = {"hostname": "edge.example.com"}
"""Where a cluster's load balancer is reached."""


@dataclass(frozen=True)
class Resource:
    """A resource that the program asks for.

    Attributes:
        kind: last part of its type's token, such as Container.
        name: name in the program.
        inputs: its properties; secrets are `wire.Secret`.
        options: the request itself, which holds the options.
    """

    kind: str
    name: str
    inputs: dict[str, Any]
    options: resource_pb2.RegisterResourceRequest

    @property
    def waits_for(self) -> set[str]:
        """The names of the resources that it depends on."""
        return {urn.split("::")[-1] for urn in self.options.dependencies}


class Monitor(mocks.MockMonitor):
    """The engine's side of a run: remembers every resource and the stack's outputs, as they come over the wire."""

    def __init__(self) -> None:
        super().__init__(Answers())
        self.asked: list[Resource] = []
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:
        kind = request.type.split(":")[-1]
        if kind != "Stack":
            self.asked.append(Resource(kind, request.name, property_wire.decode(request.object), request))
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self.outputs.update(property_wire.decode(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


class Answers(mocks.Mocks):
    """What the providers answer: the inputs, an id, and what is known only after an update."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        known: dict[str, Any] = {}
        if args.typ == "docker-build:index:Image" and not pulumi.runtime.is_dry_run():
            known = {"digest": DIGEST}
        elif args.typ == "docker:index/container:Container":
            known = {"name": args.inputs.get("name") or f"{args.name}-{SUFFIX}"}
        elif args.typ == "docker:index/remoteImage:RemoteImage" and not pulumi.runtime.is_dry_run():
            known = {"repoDigest": f"{args.inputs['name'].partition(':')[0]}@{IMAGE_ID}"}
        elif args.typ == "pulumi-python:dynamic:Resource" and not pulumi.runtime.is_dry_run():
            known = {**CERTIFICATE, "key": pulumi.Output.secret(CERTIFICATE["key"]), "value": "5eed" * 8}
        elif args.typ.startswith("kubernetes:"):
            known = {"metadata": {"name": f"{args.name}-{SUFFIX}", **args.inputs["metadata"]}}
        if args.typ == "kubernetes:core/v1:Service":
            known |= _reached(args.inputs["spec"])
        return f"{args.name}-id", {**args.inputs, **known}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


def _reached(spec: dict[str, Any]) -> dict[str, Any]:
    """What a cluster fills in to a Service that is reached from outside."""
    if spec["type"] == "ClusterIP":
        return {}
    if pulumi.runtime.is_dry_run():
        return {"status": {"loadBalancer": {}}}
    ports = [{**port, "nodePort": NODE_PORT + index} for index, port in enumerate(spec["ports"])]
    balancer = {"ingress": [BALANCER]} if spec["type"] == "LoadBalancer" else {}
    return {"spec": {**spec, "ports": ports}, "status": {"loadBalancer": balancer}}
