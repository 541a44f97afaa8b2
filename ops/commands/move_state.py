"""Move a stack's state to another backend, with another secrets provider or passphrase if wanted; deploys nothing."""

from __future__ import annotations

import argparse
import stat
from pathlib import Path

import yaml

from ops.stack import cli as of_stack
from ops.stack.cli import StackError

PASSPHRASE_PROVIDERS = ("default", "passphrase")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `move-state` takes."""
    parser.add_argument(
        "--to", required=True, metavar="URL", help="file:///folder, s3://…, gs://…, azblob://…, https://…"
    )
    parser.add_argument(
        "--secrets-provider",
        default="",
        help="as `pulumi stack init` takes it, such as awskms://…; if left out: as now",
    )
    parser.add_argument(
        "--passphrase-file", type=Path, help="file with another passphrase, which the secrets there are encrypted with"
    )


def run(arguments: argparse.Namespace) -> int:
    """Move it; prints what is to be set next.

    Raises:
        StackError: when it cannot be moved, or the copy is not the same; the stack is where it was.
    """
    from ops.audit_log import location
    from ops.state.move import Move
    from ops.state.state_backend import StateBackend

    stack = str(arguments.stack)
    provider = arguments.secrets_provider or _present(stack, "secretsprovider") or "passphrase"
    environment = of_stack.environment()
    passphrase = _passphrase(arguments.passphrase_file, provider)
    move = Move(
        stack=stack,
        project=str(location.project()["name"]),
        source=StateBackend(location.backend(), Path(), environment),
        target=StateBackend(location.absolute(arguments.to), Path(".build/move-state") / stack, environment),
        provider=provider,
        passphrase=passphrase,
        # A state without a passphrase can be given one at once; another one is set after the move.
        rotates=passphrase is not None and _present(stack, "encryptionsalt") is not None,
    )
    print(move.run())
    return 0


def _present(stack: str, key: str) -> str | None:
    found = (yaml.safe_load(Path(f"Pulumi.{stack}.yaml").read_text()) or {}).get(key)
    return None if found is None else str(found)


def _passphrase(file: Path | None, provider: str) -> Path | None:
    """The file, if it can be one.

    Raises:
        StackError: when it holds nothing, others can read it, or the provider takes none.
    """
    if file is None:
        return None
    if provider not in PASSPHRASE_PROVIDERS:
        raise StackError(f"--passphrase-file: {provider} needs none")
    if not file.is_file() or not file.read_text().strip():
        raise StackError(f"--passphrase-file {file}: no passphrase is in it: openssl rand -base64 32 > {file}")
    if stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise StackError(f"--passphrase-file {file}: others can read it: chmod 600 {file}")
    return file.absolute()
