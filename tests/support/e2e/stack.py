"""A stack of a copy of the project, driven through the real CLI, and looked at from outside."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import docker
import yaml

from components.docker.engine import kept_images
from ops.state import repair_state_files
from tests.support.project import PROJECT

PASSPHRASE = "for-tests-only"
QUICK_PROBE = {"intervalSeconds": 1, "timeoutSeconds": 1, "startPeriodSeconds": 5, "retries": 5}
"""Engines before Docker 25 make the first probe after a whole interval; the plan's 30 s would be waiting only."""

T = TypeVar("T")


def copy_project(target: Path) -> Path:
    """What git knows of the project, and what it does not ignore, as a new folder without a repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=PROJECT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target / name)
    (target / ".venv").symlink_to(PROJECT / ".venv")  # which Pulumi runs dynamic resources in
    return target


def eventually(what: str, look: Callable[[], T | None], seconds: float = 30) -> T:
    """The first true answer of `look`, asked again and again until `seconds` are over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answer := look():
                return answer
            problem = "not yet"
        except (OSError, ValueError) as error:
            problem = str(error)
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: {problem} after {seconds} s")
        time.sleep(0.1)


@dataclass
class Result:
    """What a CLI run said."""

    code: int
    text: str

    def ok(self) -> Result:
        """Itself, if the run succeeded."""
        assert self.code == 0, self.text
        return self

    def failed(self) -> Result:
        """Itself, if the run failed."""
        assert self.code != 0, self.text
        return self


@dataclass
class Stack:
    """One stack in one folder of the project."""

    folder: Path
    name: str
    config: dict[str, Any]
    backend: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.backend.mkdir(parents=True, exist_ok=True)
        self.write()
        self.pulumi("stack", "select", "--create", self.name).ok()

    @property
    def mine(self) -> dict[str, Any]:
        """The engine's filter for what belongs to this stack."""
        return {"label": f"io.mimir.deployment=mimir-{self.name}"}

    @property
    def engine(self) -> docker.DockerClient:
        """The engine that it is deployed to."""
        host = self.config.get("docker", {}).get("host")
        return docker.DockerClient(base_url=host) if host else docker.from_env()

    @property
    def file(self) -> Path:
        """The stack's file."""
        return self.folder / f"Pulumi.{self.name}.yaml"

    def write(self, **sections: Mapping[str, Any] | str | bool) -> None:
        """Write the stack file, with `sections` merged in; what `secret` has set stays."""
        for key, value in sections.items():
            below = self.config.get(key)
            self.config[key] = {**below, **value} if isinstance(below, dict) and isinstance(value, Mapping) else value
        kept = yaml.safe_load(self.file.read_text()) if self.file.exists() else {}
        config = {f"mimir:{key}": value for key, value in self.config.items()}
        kept["config"] = _with_secrets(config, kept.get("config", {}))
        self.file.write_text(yaml.safe_dump(kept))

    def secret(self, path: str, value: str) -> None:
        """Set an encrypted value, as a user does."""
        self.pulumi("config", "set", "--secret", "--path", f"mimir:{path}", "--stack", self.name, stdin=value).ok()

    def command(self, *arguments: str) -> list[str]:
        """The CLI's command line."""
        return ["pulumi", *arguments, "--non-interactive", "--color=never"]

    def environment(self) -> dict[str, str]:
        """The CLI's environment."""
        own = {"PULUMI_BACKEND_URL": f"file://{self.backend}", "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
        # This checkout may have been deployed from, and then the toolchain names its passphrase.
        users = {name: value for name, value in os.environ.items() if name != "PULUMI_CONFIG_PASSPHRASE_FILE"}
        return {**users, **own, **self.env}

    def pulumi(self, *arguments: str, stdin: str | None = None, seconds: float = 600) -> Result:
        """Run the CLI in the folder, after what the Makefile does before it for one who has killed an update."""
        repair_state_files.mend_in(f"file://{self.backend}")
        return self._run(self.command(*arguments), stdin, seconds)

    def ops(self, command: str, *arguments: str, seconds: float = 300, **variables: str) -> Result:
        """Run a command of the project on the stack, as the Makefile does, with more environment `variables`."""
        return self._run(["python", "-m", "ops", command, "--stack", self.name, *arguments], None, seconds, variables)

    def _run(
        self, command: list[str], stdin: str | None, seconds: float, variables: Mapping[str, str] | None = None
    ) -> Result:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment(), **(variables or {})},
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
        return Result(done.returncode, done.stdout)

    def up(self, *flags: str) -> Result:
        """`pulumi up` without a preview before it."""
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", self.name, *flags)

    def preview(self, *flags: str) -> Result:
        """`pulumi preview`."""
        return self.pulumi("preview", "--stack", self.name, *flags)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        done = subprocess.run(
            self.command("stack", "output", "--json", "--stack", self.name),
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            check=True,
        )
        return dict(json.loads(done.stdout))

    def start_up(self) -> subprocess.Popen[str]:
        """`pulumi up` in the background, in a process group of its own."""
        return self._start(self.command("up", "--yes", "--skip-preview", "--stack", self.name))

    def start_ops(self, command: str) -> subprocess.Popen[str]:
        """A command of the project in the background, in a process group of its own."""
        return self._start(["python", "-m", "ops", command, "--stack", self.name])

    def _start(self, command: list[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def behind(self) -> str:
        """Where the application itself answers: on its network, past the edge, which this host alone can."""
        container = self.engine.containers.get(self.outputs()["container"])
        [network] = container.attrs["NetworkSettings"]["Networks"].values()
        return f"http://{network['IPAddress']}:{self.config['environment']['port']}"

    def remove(self) -> None:
        """Destroy the stack with its data, whatever state a test left it in."""
        self.env.clear()
        self.pulumi("cancel", "--yes", self.name)
        self.pulumi("state", "unprotect", "--all", "--yes", "--stack", self.name)
        self.pulumi("destroy", "--yes", "--skip-preview", "--stack", self.name)
        self.tidy()

    def tidy(self) -> None:
        """Remove what a destroy has left on the platform."""
        engine = self.engine
        for container in engine.containers.list(all=True, filters=self.mine):
            container.remove(force=True)
        for volume in engine.volumes.list(filters=self.mine):
            volume.remove(force=True)
        for network in engine.networks.list(filters=self.mine):
            network.remove()
        kept_images.remove_all(engine, f"mimir-{self.name}")


def _with_secrets(config: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """`config`, with the encrypted values that were there before."""
    merged = dict(config)
    for key, value in before.items():
        if isinstance(value, Mapping) and "secure" in value:
            merged.setdefault(key, value)
        elif isinstance(value, Mapping) and (below := _with_secrets(dict(config.get(key) or {}), value)):
            merged[key] = below
    return merged


def kill_group(process: subprocess.Popen[str]) -> None:
    """End a process that a stack has started, and its children, at once; one that has ended is only waited for."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
