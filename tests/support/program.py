"""Runs the whole program under Pulumi's mocks and records what it would create."""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import os
import runpy
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from kubernetes.client.exceptions import ApiException
from pulumi.runtime import mocks, settings, stack

from components.constants import OVERRIDES
from components.docker.engine import engine, ports, taken_ports
from components.docker.engine.engine import Engine
from components.docker.labels import ROLE
from components.edge.haproxy.files import Files
from components.image import image_signature, prebuilt_image, registry
from components.kubernetes.cluster import cluster, dns
from components.kubernetes.cluster.cluster import Cluster
from components.kubernetes.cluster.kubeconfig import Access
from components.settings import Settings
from tests.support.fake_cluster import COREFILE, config_map
from tests.support.monitor import Answers, Monitor, Resource
from tests.support.project import PROJECT
from tests.support.property_wire import Secret

KUBERNETES_TOKEN = "t0ken-of-the-cluster"
SECRET = "Zx9!kQ2#vT7$mB4%nR6^wL8&jH1*pD3(aa"
SECTIONS = ("source", "image", "registry", "environment", "probe", "limits", "shutdown", "logging", "docker", "edge")
HERE = {"source": {"location": "./sample", "commit": None}}
"""The sample in place of a download, for one run."""


@dataclass(frozen=True)
class Run:
    """What a run of the program left.

    Attributes:
        resources: everything that it asked for.
        outputs: the stack's outputs; secrets are `wire.Secret`.
        messages: what it told the user, as (level, text).
        proved: ids of the containers that the deployment proved.
        switched: for each time that the edge was told of files: its container, their digest, and the id of the
            container that serves then.
        kept: names of the configurations' volumes that were left when the others were removed.
        kept_images: images that were noted as deployed.
    """

    resources: list[Resource]
    outputs: Mapping[str, Any]
    messages: list[tuple[str, str]]
    proved: list[str]
    switched: list[tuple[str, str, str]]
    kept: list[str]
    kept_images: list[str]

    def resource(self, kind: str, name: str | None = None) -> Resource:
        """The only resource of a kind (and a name)."""
        made = [one for one in self.resources if not one.options.type.startswith("mimir:")]
        found = [one for one in made if one.kind == kind and name in (None, one.name)]
        assert len(found) == 1, f"{len(found)} of {kind} {name}: {[(r.kind, r.name) for r in self.resources]}"
        return found[0]

    def one(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """The inputs of the only resource of a kind (and a name)."""
        return self.resource(kind, name).inputs

    def in_role(self, role: str) -> Resource:
        """The only container that the engine is told to run in a role."""
        label = {"label": ROLE, "value": role}
        found = [one for one in self.resources if one.kind == "Container" and label in one.inputs["labels"]]
        assert len(found) == 1, f"{len(found)} in role {role}"
        return found[0]

    @property
    def service(self) -> dict[str, Any]:
        """The inputs of the application's own container."""
        return self.in_role("service").inputs

    @property
    def edge(self) -> dict[str, Any]:
        """The inputs of the edge's own container."""
        return self.in_role("edge").inputs

    @property
    def edge_files(self) -> dict[str, str]:
        """What the edge reads on an engine, by file name."""
        uploads = self.one("Container", "mimir-edge-carrier")["uploads"]
        assert isinstance(uploads, Secret), "everybody could read them in the state"
        return {one["file"].rpartition("/")[2]: one["content"] for one in uploads.value}

    @property
    def pod(self) -> dict[str, Any]:
        """The specification of the application's pod, on a cluster."""
        found: dict[str, Any] = self.one("Deployment", "mimir")["spec"]["template"]["spec"]
        return found

    @property
    def pod_container(self) -> dict[str, Any]:
        """The application's own container, on a cluster."""
        [container] = self.pod["containers"]
        return dict(container)

    @property
    def cpus(self) -> float:
        """How many CPUs that container may use."""
        assert not self.service.get("cpus"), "the provider reads some values back in another form"
        return float(self.service["cpuQuota"] / self.service["cpuPeriod"])

    @property
    def env(self) -> dict[str, str]:
        """The variables of that container that are in the clear."""
        return dict(one.split("=", 1) for one in self.service["envs"] if isinstance(one, str))

    @property
    def warnings(self) -> list[str]:
        """The warnings alone."""
        return [text for level, text in self.messages if level == "WARNING"]


class _Log(logging.Handler):
    """Keeps what the program tells its user."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append((record.levelname, record.getMessage()))


def stack_config(name: str) -> dict[str, Any]:
    """The `config` of a committed stack file, without the namespace, every encrypted value decrypted to SECRET."""
    text = (PROJECT / f"Pulumi.{name}.yaml").read_text()
    config = yaml.safe_load(text)["config"]
    return {key.removeprefix("mimir:"): _decrypted(value) for key, value in config.items()}


def _decrypted(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return SECRET if "secure" in value else {key: _decrypted(one) for key, one in value.items()}


def completed(name: str) -> dict[str, Any]:
    """The configuration of a committed stack, with what it asks of its user."""
    config = stack_config(name)
    if config.get("runtime") == "production":
        config["environment"] = {**config["environment"], "jwtSecret": SECRET}
    if config.get("platform") == "kubernetes":
        config["kubernetes"] = {**config.get("kubernetes", {}), "context": "test"}
    return config


def in_cluster(name: str) -> Run:
    """A committed stack for a cluster, with what it asks of its user, and the sample as source."""
    return run(completed(name), name, overrides=HERE)


def production_on_an_engine() -> Run:
    """The plan's production on a single host."""
    config = {"runtime": "production", "environment": {"jwtSecret": SECRET, "logLevel": "INFO"}}
    return run(config, "single", overrides=HERE)


def as_pulumi_hands_it(config: Mapping[str, Any]) -> dict[str, str]:
    """`config` the way the CLI gives it to a program: every top-level value is a text, structured ones are JSON."""
    return {f"mimir:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}


def run(
    config: Mapping[str, Any],
    stack_name: str = "dev",
    *,
    preview: bool = False,
    encrypted: Iterable[str] = SECTIONS,
    overrides: Mapping[str, Any] | None = None,
    found: Engine | None = None,
    corefile: str | None = COREFILE,
) -> Run:
    """Run `__main__.py` in a project of its own, on an engine and a registry that always answer.

    Each run has a context of its own, because Pulumi keeps the stack and its settings in context variables. `corefile`
    is the configuration of a cluster's name servers, None where it cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        _project(Path(folder), patch)
        if overrides is not None:
            patch.setenv(OVERRIDES, json.dumps(overrides))
        patch.setattr(engine, "inspect_engine", lambda _: found or Engine((1, 47)))
        patch.setattr(ports, "problems", lambda *_: [])
        patch.setattr(taken_ports, "problems", lambda *_: [])
        patch.setattr(taken_ports, "container_conflicts", lambda *_: [])
        patch.setattr(cluster, "inspect_cluster", partial(_cluster, corefile))
        patch.setattr(registry, "problems", lambda _: [])
        patch.setattr(prebuilt_image, "problems", lambda _: [])
        patch.setattr(prebuilt_image, "is_missing", lambda *_: False)
        patch.setattr(image_signature, "problems", lambda *_: [])
        proved: list[str] = []

        def prove(_settings: object, _application: object, container: str, _name: str) -> str:
            proved.append(container)
            return container

        kept: list[str] = []
        kept_images: list[str] = []
        switched: list[tuple[str, str, str]] = []

        def switch(_settings: object, _edge: object, container: str, files: Files, service: str) -> str:
            switched.append((container, files.digest, service))
            return container

        def clean_up(_settings: object, _application: object, container: str, volume: str) -> str:
            kept.append(volume)
            return container

        def keep_images(_settings: object, _application: object, ready: str, image: str) -> str:
            kept_images.append(image)
            return ready

        patch.setattr("components.docker.deployment.verify_deployment", prove)
        patch.setattr("components.docker.edge.cut_over", switch)
        patch.setattr("components.kubernetes.workload.rollout.require", lambda *_, **__: None)
        patch.setattr("components.kubernetes.workload.rollout.warn", lambda *_, **__: None)
        patch.setattr("components.docker.deployment.clean_up", clean_up)
        patch.setattr("components.docker.engine.kept_images.clean_up", keep_images)
        _accept_hooks(patch)
        monitor, log = Monitor(), _Log()
        contextvars.copy_context().run(_run, monitor, log, config, stack_name, preview, encrypted)
        return Run(monitor.asked, monitor.outputs, log.messages, proved, switched, kept, kept_images)


def _cluster(corefile: str | None, settings: Settings, stack: str) -> Cluster:
    """A cluster on this machine that always answers."""

    def get(path: str) -> dict[str, Any]:
        if corefile is None:
            raise ApiException(status=403, reason="Forbidden")
        if path != dns.COREDNS:
            raise ApiException(status=404)
        return config_map(corefile)

    namespace = settings.kubernetes.namespace or f"mimir-{stack}"
    document = {"current-context": settings.kubernetes.context, "users": [{"user": {"token": KUBERNETES_TOKEN}}]}
    access = Access(document, "https://127.0.0.1:6443")
    return Cluster(access, namespace, "a-cluster", dns.delay(settings, namespace, get))


def _project(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """A copy of what a run reads, so that it stages nothing in the real project and finds no commit of it."""
    (folder / "container").symlink_to(PROJECT / "container")
    shutil.copytree(PROJECT / "sample", folder / "sample")
    patch.chdir(folder)
    patch.setenv("DOCKER_CONFIG", str(folder))
    for name in [name for name in os.environ if name.startswith("PULUMI_CONFIG") or name == OVERRIDES]:
        patch.delenv(name)


def _run(
    monitor: Monitor, log: _Log, config: Mapping[str, Any], name: str, preview: bool, encrypted: Iterable[str]
) -> None:
    logger = logging.Logger("program", logging.INFO)
    logger.addHandler(log)
    pulumi.runtime.set_all_config(as_pulumi_hands_it(config), [f"mimir:{key}" for key in encrypted])
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # before the mocks, which already make a stack on it; on another loop it hangs
    mocks.set_mocks(Answers(), "mimir", name, preview, logger, monitor)
    settings.ROOT.set(None)  # `run_in_stack` makes one as the real run does, and registers its outputs

    async def program() -> None:
        runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")

    try:
        loop.run_until_complete(asyncio.wait_for(stack.run_in_stack(program), timeout=30))
    finally:
        loop.close()
        asyncio.set_event_loop(None)


def _accept_hooks(patch: pytest.MonkeyPatch) -> None:
    """The mock monitor cannot call hooks back; the real ones are for tests/e2e."""

    def registered(_: object) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_event_loop().create_future()
        future.set_result(None)
        return future

    patch.setattr("pulumi.resource_hooks.register_resource_hook", registered)
    patch.setattr("pulumi.resource_hooks.register_error_hook", registered)
