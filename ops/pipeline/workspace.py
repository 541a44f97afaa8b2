"""Where a run of the pipeline keeps what it makes, and what its commands are given."""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.stack.stack_error import StackError
from ops.supply.signer import PASSWORD
from ops.supply.tool import ENSURE
from toolchain.passphrase import PASSPHRASE_VARIABLES

LOOPBACK_REGISTRY = "127.0.0.1:5000"


@dataclass(frozen=True)
class PipelineWorkspace:
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

    @property
    def key(self) -> Path:
        """The private key that signs what is built; the public one is `signing.pub` beside it."""
        return self.root / "signing.key"

    def variables(self) -> dict[str, str]:
        """What points Pulumi at this state, and at its passphrase."""
        state = self.root / "state"
        state.mkdir(parents=True, exist_ok=True)
        passphrase = self._made_up("passphrase")
        return {"PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase)}

    def environment(self) -> Mapping[str, str]:
        """The environment of every command."""
        users = {name: value for name, value in os.environ.items() if name not in PASSPHRASE_VARIABLES}
        return {**users, **self.variables(), PASSWORD: self._made_up("signing.password").read_text()}

    def assignments(self) -> str:
        """The same as assignments for a shell; what is secret is read from its file."""
        own = [f"{name}={shlex.quote(value)}" for name, value in self.variables().items()]
        return " ".join([*own, f'{PASSWORD}="$(cat {shlex.quote(str(self._made_up("signing.password")))})"'])

    def make_key(self) -> None:
        """Make the pair of keys, unless an earlier run has.

        Raises:
            StackError: when cosign cannot.
        """
        if self.key.exists():
            return
        command = ["cosign", "generate-key-pair", "--output-key-prefix", str(self.key.with_suffix(""))]
        try:
            done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        except FileNotFoundError as error:
            raise StackError(f"cosign is not there; run: {ENSURE}") from error
        if done.returncode != 0:
            raise StackError(f"no key could be made: {done.stderr.strip()}")

    def _made_up(self, name: str) -> Path:
        """A file with a secret of this place's own, readable by its owner only."""
        file = self.root / name
        if not file.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(32))
        return file
