"""Runs the whole program under Pulumi's mocks and records what it would create."""

from __future__ import annotations

import asyncio
import json
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks, resource, settings, stack
from pulumi.runtime.proto import resource_pb2

from components import registry
from components.docker import engine
from components.docker.engine import Engine

PROJECT = Path(__file__).parents[2]
DIGEST = "sha256:" + "ab" * 32
SECRET = "Zx9!kQ2#vT7$mB4%nR6^wL8&jH1*pD3(aa"


@dataclass
class Recorder(mocks.Mocks):
    """Answers for the engine, and remembers every resource."""

    resources: list[mocks.MockResourceArgs] = field(default_factory=list)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.resources.append(args)
        made = {"digest": DIGEST} if args.typ == "docker-build:index:Image" else {}
        return f"{args.name}-id", {**args.inputs, **made}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class Run:
    """What a run of the program left: the resources, and the stack's outputs."""

    resources: list[mocks.MockResourceArgs]
    outputs: Mapping[str, Any]

    def all(self, kind: str) -> list[mocks.MockResourceArgs]:
        """Every resource of a type, by the last part of its token."""
        return [one for one in self.resources if one.typ.split(":")[-1] == kind]

    def one(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """The inputs of the only resource of a type (and a name)."""
        found = [dict(one.inputs) for one in self.all(kind) if name in (None, one.name)]
        assert len(found) == 1, f"{len(found)} of {kind} {name}: {[(r.typ, r.name) for r in self.resources]}"
        return found[0]


def stack_config(name: str) -> dict[str, Any]:
    """The `config` of a committed stack file, without the namespace."""
    text = (PROJECT / f"Pulumi.{name}.yaml").read_text()
    return {key.removeprefix("mimir:"): value for key, value in yaml.safe_load(text)["config"].items()}


def _allow_error_hooks(monkeypatch: Any) -> None:
    """The mock monitor knows no hooks; the real ones are for tests/e2e."""
    supported = resource.monitor_supports_feature
    hooks = resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS
    monkeypatch.setattr(resource, "monitor_supports_feature", lambda what: what == hooks or supported(what))
    monkeypatch.setattr("pulumi.resource_hooks.register_error_hook", lambda _: _done())


def _done() -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_event_loop().create_future()
    future.set_result(None)
    return future


def run(
    monkeypatch: Any,
    config: Mapping[str, Any],
    stack_name: str = "dev",
    preview: bool = False,
    encrypted: tuple[str, ...] = ("environment", "registry", "image"),
    found: Engine | None = None,
) -> Run:
    """Run `__main__.py` with this configuration on an engine and a registry that always answer."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(engine, "look", lambda _: found or Engine((1, 47)))
    monkeypatch.setattr(registry, "problems", lambda _: [])
    monkeypatch.setattr("components.docker.deployment.prove", lambda settings, application, container: container)
    recorder = Recorder()
    texts = {f"mimir:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    pulumi.runtime.set_all_config(texts, [f"mimir:{key}" for key in encrypted])
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # before the mocks, which already make the stack's root on it
    mocks.set_mocks(recorder, project="mimir", stack=stack_name, preview=preview)
    _allow_error_hooks(monkeypatch)
    outputs: dict[str, Any] = {}

    def program() -> None:
        runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")
        root = settings.get_root_resource()
        assert root is not None
        pulumi.Output.from_input(dict(root.outputs)).apply(outputs.update)  # type: ignore[attr-defined]

    try:
        loop.run_until_complete(stack.run_pulumi_func(program))
    finally:
        loop.close()
    return Run(recorder.resources, outputs)
