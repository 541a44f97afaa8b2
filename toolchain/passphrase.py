"""The passphrase of a checkout's secrets, and the variables by which a user names another one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PASSPHRASE = Path(".passphrase")
PASSPHRASE_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def passphrase(project: Path, user: Mapping[str, str]) -> dict[str, str]:
    """The variable that names the checkout's passphrase (ops/stack/cli.py makes it), unless the user names one."""
    file = (project / PASSPHRASE).absolute()
    if not file.is_file() or any(name in user for name in PASSPHRASE_VARIABLES):
        return {}
    return {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
