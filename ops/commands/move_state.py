"""Move the stack's state to another backend; deploys nothing."""

from __future__ import annotations

import argparse
import stat
from pathlib import Path

import yaml

from ops.stack import cli
from ops.stack.stack_error import StackError

PASSPHRASE_PROVIDERS = ("default", "passphrase")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `move-state`."""
    parser.add_argument(
        "--to",
        required=True,
        metavar="URL",
        help="URL of the new backend: file:///folder, s3://…, gs://…, azblob://… or https://…",
    )
    parser.add_argument(
        "--secrets-provider",
        default="",
        metavar="URL",
        help="new secrets provider, as for `pulumi stack init`, such as awskms://… (default: the current one)",
    )
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="file with a new passphrase to encrypt the secrets with (default: the current one)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Move the state, and print the next steps.

    Raises:
        StackError: the state cannot be moved, or the copy differs; the state stays where it was.
    """
    from ops.audit_log import location
    from ops.state.migration import Migration
    from ops.state.state_backend import StateBackend

    stack = str(arguments.stack)
    provider = arguments.secrets_provider or _stack_file_value(stack, "secretsprovider") or "passphrase"
    environment = cli.environment()
    passphrase = _passphrase(arguments.passphrase_file, provider)
    migration = Migration(
        stack=stack,
        project=str(location.project()["name"]),
        source=StateBackend(location.backend(), Path(), environment),
        target=StateBackend(location.absolute(arguments.to), Path(".build/move-state") / stack, environment),
        provider=provider,
        passphrase=passphrase,
        # A state without a passphrase is encrypted with the new one during the copy; an existing one is rotated after.
        rotates=passphrase is not None and _stack_file_value(stack, "encryptionsalt") is not None,
    )
    print(migration.run())
    return 0


def _stack_file_value(stack: str, key: str) -> str | None:
    value = (yaml.safe_load(Path(f"Pulumi.{stack}.yaml").read_text()) or {}).get(key)
    return None if value is None else str(value)


def _passphrase(file: Path | None, provider: str) -> Path | None:
    """The absolute path of the passphrase file; None if no file was given.

    Raises:
        StackError: the file is empty, other users can read it, or the provider uses no passphrase.
    """
    if file is None:
        return None
    if provider not in PASSPHRASE_PROVIDERS:
        raise StackError(f"--passphrase-file: the secrets provider {provider} uses no passphrase")
    if not file.is_file() or not file.read_text().strip():
        raise StackError(f"--passphrase-file {file}: missing or empty: openssl rand -base64 32 > {file}")
    if stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise StackError(f"--passphrase-file {file}: other users can read it: chmod 600 {file}")
    return file.absolute()
