"""A home for the CLI in which it finds the plugins that are ours.

The CLI would find them on PATH too, but says so in a warning each time it looks. In the user's own home other projects
would take them for the makers' releases. So each checkout that uses ours has a PULUMI_HOME of its own, in which they
lie as `pulumi plugin install` lays them out. All else that the CLI keeps at home stays the user's: the login
(PULUMI_CREDENTIALS_PATH) and which stack is selected where (the folder `workspaces`).
"""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

from toolchain.artefacts import link_programs
from toolchain.layout import Layout
from toolchain.state import State
from toolchain.tools import TOOLS


def of_user() -> Path:
    """The CLI's home when PULUMI_HOME is not set. Like the CLI, it asks the password file and not HOME."""
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".pulumi"
    except KeyError:
        return Path.home() / ".pulumi"


def plugin_folders(layout: Layout, state: State) -> dict[Path, Path]:
    """For each plugin that is ours, its folder in our home, and the artefact's folder with its program.

    The folder's name carries the version that the program asks for, which is how the CLI finds it. Where a stand-in is
    of another version, it says so itself, and the CLI warns once the plugin is used.
    """
    plugins = layout.pulumi_home / "plugins"
    return {
        plugins / f"resource-{tool.plugin}-v{tool.version}": Path(folder)
        for tool in TOOLS
        if tool.plugin and (folder := state.artefacts.get(tool.name))
    }


def prepare(layout: Layout, state: State, users: Path) -> None:
    """Link the toolchain's plugins into its PULUMI_HOME, and the user's plugins that the program also needs.

    Args:
        layout: the folders of this checkout.
        state: the artefacts in use.
        users: the user's own PULUMI_HOME.
    """
    plugin_programs = {
        target: [*origin.glob("pulumi-resource-*")] for target, origin in plugin_folders(layout, state).items()
    }
    plugins = layout.pulumi_home / "plugins"
    for tool in TOOLS if plugin_programs else ():
        if tool.plugin and not state.artefacts.get(tool.name):
            for installed in (users / "plugins").glob(f"resource-{tool.plugin}-v[0-9]*"):
                plugin_programs[plugins / installed.name] = [*installed.glob("pulumi-resource-*")]
    for folder in plugins.glob("resource-*"):
        if folder.is_dir() and folder not in plugin_programs:
            shutil.rmtree(folder)
    for target, programs in plugin_programs.items():
        link_programs(programs, target)
    if plugin_programs:
        _share(layout.pulumi_home / "workspaces", users / "workspaces")


def _share(link: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not link.is_symlink() or link.readlink() != folder:
        if link.is_symlink():
            link.unlink()
        elif link.exists():
            shutil.rmtree(link)
        link.symlink_to(folder)
