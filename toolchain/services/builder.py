"""The image builder: the user's own, one in a container, or a BuildKit daemon of ours."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import gobuild, network, versions
from toolchain.debian import Debian
from toolchain.machine import Machine, is_root
from toolchain.problem import ENSURE, Problem
from toolchain.progress import Progress
from toolchain.report import Row, Source
from toolchain.services import buildx, registry, runtime
from toolchain.services.engine import Engine
from toolchain.services.process import Daemon
from toolchain.services.question import BUILDKIT, Question
from toolchain.tools import BUILDKITD

BUILDER_NAME = "mimir"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
CONTAINER = "a BuildKit container, started by the first build"

SETTINGS = """\
# RUN steps use this machine's network: they can fetch modules wherever this machine can.
[worker.oci]
  networkMode = "host"
  gc = true
  reservedSpace = "2GB"
  maxUsedSpace = "20GB"
[worker.containerd]
  enabled = false
# The image hub does not answer here: its base images are looked for in the registry on loopback.
[registry."docker.io"]
  mirrors = ["{address}"]
[registry."{address}"]
  http = true
[registry."localhost:{port}"]
  http = true
"""


@dataclass(frozen=True)
class ImageBuilder:
    """A builder that can build for several platforms and push to the registry on loopback."""

    machine: Machine
    progress: Progress
    name: str = "builder"

    @property
    def _daemon(self) -> Daemon:
        return Daemon("builder", self.machine.layout.service("builder"))

    @property
    def endpoint(self) -> str:
        return f"unix://{self.machine.layout.run}/buildkitd.sock"

    @property
    def _config(self) -> Path:
        """Our own buildx records; the user's are left alone."""
        return self._daemon.folder / "buildx"

    def is_ours(self) -> bool:
        """Whether images are built by our own daemon, and so without the image hub."""
        return self._daemon.running() is not None

    def look(self) -> Row:
        theirs = self._users_own()
        if theirs:
            return Row(self.name, "", Source.RUNNING, f"the builder {theirs.name} ({theirs.driver})")
        if self.is_ours() and buildx.answers(self.endpoint):
            return Row(self.name, versions.BUILDKIT, Source.RUNNING, f"our own, {self.endpoint}")
        for record in buildx.builders(self._config):
            if record.driver == "docker-container":
                return Row(self.name, "", Source.CACHED, CONTAINER)
        if self.machine.environment.get("BUILDX_CONFIG"):
            message = "BUILDX_CONFIG is set, and no builder recorded there is usable"
            fix = "unset BUILDX_CONFIG, or docker buildx create --use --driver-opt network=host"
            return Row(self.name, "", Source.NONE, message, fix)
        return Row(self.name, "", Source.NONE, "no usable builder", ENSURE)

    def ensure(self) -> Row:
        row = self.look()
        if row.ok and (not self.is_ours() or self._is_current()):
            return row
        if row.fix not in ("", ENSURE):
            raise Problem(row.why, row.fix)
        with self.progress.step(f"asking {network.IMAGE_HUB}"):
            silence = self.machine.sites.silence(network.IMAGE_HUB)
        if not silence:
            builder = buildx.Builder(BUILDER_NAME, "docker-container", Engine(self.machine).host, {"network": "host"})
            buildx.write(self._config, builder)
            return Row(self.name, "", Source.CACHED, CONTAINER)
        if not is_root():
            raise Problem(f"no usable builder, and {silence}; only root can start a BuildKit daemon", f"sudo {ENSURE}")
        self._start()
        return Row(self.name, versions.BUILDKIT, Source.STARTED, f"{silence}; built from its Go module")

    def environment(self) -> Mapping[str, str]:
        return {"BUILDX_CONFIG": str(self._config)} if self._config.is_dir() and not self._users_own() else {}

    def questions(self) -> Sequence[Question] | None:
        """A builder in a container is started by the first build; its record is a file."""
        user_builder = self._users_own()
        if user_builder:
            return [Question(user_builder.endpoint, BUILDKIT)] if user_builder.driver == "remote" else []
        return [Question(self.endpoint, BUILDKIT)] if self.is_ours() else []

    def stop(self) -> list[str]:
        return [self.name] if self._daemon.stop(STOP_SECONDS) else []

    def _users_own(self) -> buildx.Builder | None:
        folder = buildx.config_folder(self.machine.environment)
        return next((builder for builder in buildx.builders(folder) if buildx.usable(builder)), None)

    def _is_current(self) -> bool:
        """Whether the daemon that runs is the one that would be started now."""
        record = self._daemon.running()
        built = gobuild.artefact(BUILDKITD, self.machine.go, self.machine.layout)
        return record is not None and record.argv[0] == str(built.folder / BUILDKITD.program)

    def _start(self) -> None:
        with self.progress.step(f"building buildkitd {versions.BUILDKIT}"):
            gobuild.build(BUILDKITD, self.machine.go, self.machine.layout, self.machine.environment)
        self._daemon.stop(STOP_SECONDS)
        runtime.forget_other_boots(self.machine.layout.run)
        Path(self.endpoint.removeprefix("unix://")).unlink(missing_ok=True)
        start(self.machine, self._daemon, self.endpoint)
        buildx.write(self._config, buildx.Builder(BUILDER_NAME, "remote", self.endpoint, {}))


def start(machine: Machine, daemon: Daemon, endpoint: str) -> None:
    """Start a BuildKit daemon with its settings and data in its folder, and wait until it answers.

    Args:
        machine: this machine and checkout.
        daemon: its name and folder.
        endpoint: unix://PATH at which it listens.

    Raises:
        Problem: the daemon or a program that it needs is not available, or it does not start.
    """
    debian = Debian(machine.layout, machine.environment)
    debian.install(["libseccomp2", "ca-certificates"], "runc")
    runc = debian.unpack("runc").program("runc")
    built = gobuild.build(BUILDKITD, machine.go, machine.layout, machine.environment)
    settings = daemon.folder / "buildkitd.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(SETTINGS.format(address=registry.ADDRESS, port=registry.ADDRESS.rpartition(":")[2]))
    daemon.start(
        [
            str(built.folder / BUILDKITD.program),
            "--config",
            str(settings),
            "--addr",
            endpoint,
            "--root",
            str(daemon.folder / "data"),
            "--oci-worker-binary",
            str(runc),
        ],
        # Told where runc is, the daemon still gives up when there is none on PATH (buildkit, validOCIBinary).
        {**machine.environment, "PATH": os.pathsep.join([str(runc.parent), machine.environment["PATH"], "/usr/sbin"])},
    )
    daemon.wait_until(lambda: buildx.answers(endpoint), START_SECONDS)
