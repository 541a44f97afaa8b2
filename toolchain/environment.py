"""The environment in which the project's commands find their tools."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from toolchain.layout import Layout
from toolchain.state import State


def additions(layout: Layout, state: State, user: Mapping[str, str]) -> dict[str, str]:
    """The variables to set: PATH, and of the others only those that the user has not set.

    `.venv/bin` comes first: the language host that is built from modules runs the first `python3` on PATH.
    """
    own = [str(layout.venv / "bin"), str(layout.bin)]
    rest = [entry for entry in user.get("PATH", os.defpath).split(os.pathsep) if entry not in own]
    wanted = {
        "VIRTUAL_ENV": str(layout.venv),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **state.service_variables(),
    }
    if any(artefact.folder.name.startswith("pulumi-resource-") for artefact in state.own()):
        # Our plugins are found on PATH; looking for their releases would only cost time, or fail.
        wanted["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    missing = {name: value for name, value in wanted.items() if name not in user}
    return {"PATH": os.pathsep.join([*own, *rest]), **missing}


def exports(variables: Mapping[str, str]) -> str:
    """The variables as lines for a shell to read."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
