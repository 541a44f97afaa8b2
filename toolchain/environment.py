"""The environment in which the project's commands find their tools."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from toolchain import policy_pack, pulumi_home
from toolchain.cluster_context import is_named
from toolchain.layout import Layout
from toolchain.passphrase import passphrase
from toolchain.state import State


def additions(layout: Layout, state: State, user: Mapping[str, str]) -> dict[str, str]:
    """The variables to set for the project's commands: PATH, and those of the others that the user has not set.

    `.venv/bin` comes first: the language host that is built from modules runs the first `python3` on PATH.

    Args:
        layout: the folders of this checkout.
        state: the tools and services that `ensure` recorded.
        user: the user's variables, without any that the toolchain set.
    """
    project_entries = [str(layout.venv / "bin"), str(layout.bin)]
    plugins = [str(folder) for folder in pulumi_home.plugin_folders(layout, state)]
    if "PULUMI_HOME" in user:
        # There other projects would take ours for the makers'. On PATH the CLI finds them too, and says so.
        project_entries += plugins
    pack = policy_pack.folder(layout, state)
    if pack and ("PULUMI_HOME" in user or not plugins):
        project_entries.append(str(policy_pack.launcher(layout)))
    user_entries = [entry for entry in user.get("PATH", os.defpath).split(os.pathsep) if entry not in project_entries]
    variables = {
        "VIRTUAL_ENV": str(layout.venv),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **state.service_variables(),
    }
    if is_named(user):
        variables.pop("KUBECONFIG", None)  # the built cluster's, from an earlier run
    if plugins:
        # Ours are there; looking for the makers' releases would only cost time, or fail.
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    if plugins and "PULUMI_HOME" not in user:
        variables["PULUMI_HOME"] = str(layout.pulumi_home)
        variables["PULUMI_CREDENTIALS_PATH"] = str(pulumi_home.of_user())
    if pack:
        variables[policy_pack.VARIABLE] = str(pack)
    variables |= passphrase(layout.project, user)
    missing = {name: value for name, value in variables.items() if name not in user}
    return {"PATH": os.pathsep.join([*project_entries, *user_entries]), **missing}


def exports(variables: Mapping[str, str]) -> str:
    """The variables as lines for a shell to read."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
