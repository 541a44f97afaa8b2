"""Where a run of the pipeline keeps what it makes, and what its commands are given."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.environment import PASSPHRASE_VARIABLES

LOOPBACK_REGISTRY = "127.0.0.1:5000"


@dataclass(frozen=True)
class Place:
    """The pipeline's own stacks, state and passphrase, which later runs use again.

    Attributes:
        root: folder of everything, absolute.
        name: what the stacks' names begin with.
        port: of this machine, for staging.
    """

    root: Path
    name: str
    port: int

    @property
    def staging(self) -> str:
        """The stack on the Docker engine."""
        return f"{self.name}-staging"

    @property
    def production(self) -> str:
        """The stack on the test cluster."""
        return f"{self.name}-production"

    @property
    def repository(self) -> str:
        """Where images are pushed."""
        return f"{LOOPBACK_REGISTRY}/{self.name}"

    def stack_file(self, stack: str) -> Path:
        """The stack file that is kept from run to run."""
        return self.root / f"Pulumi.{stack}.yaml"

    def variables(self) -> dict[str, str]:
        """What points Pulumi at this state, and at its passphrase."""
        state = self.root / "state"
        state.mkdir(parents=True, exist_ok=True)
        passphrase = self.root / "passphrase"
        if not passphrase.exists():
            passphrase.touch(mode=0o600)
            passphrase.write_text(secrets.token_urlsafe(32))
        return {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase)}

    def environment(self) -> Mapping[str, str]:
        """The environment of every command."""
        users = {name: value for name, value in os.environ.items() if name not in PASSPHRASE_VARIABLES}
        return {**users, **self.variables()}
