"""The signer, and the trusted identity: a key pair, or a workflow's identity (keyless)."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.image import attestations
from components.image.attestations import Verifier
from ops.supply.tool import CannotWork, run

PASSWORD = "COSIGN_PASSWORD"
"""The variable with the password of the private key: nothing secret is an argument."""

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
MAKE_A_KEY = f"{PASSWORD}=… cosign generate-key-pair --output-key-prefix signing   # makes signing.key and signing.pub"


@dataclass(frozen=True)
class Signer:
    """What cosign is told.

    Attributes:
        sign: arguments for signing.
        verifier: what verifies that.
    """

    sign: tuple[str, ...]
    verifier: Verifier


def add(parser: argparse.ArgumentParser, which: str) -> None:
    """Let a command be told whose signature it is about; `which` of the two keys is wanted."""
    parser.add_argument("--key", type=Path, metavar="FILE", help=f"{which} (default: keyless)")
    parser.add_argument(
        "--identity",
        metavar="URL",
        help="keyless: exact identity of the signer (default when signing in GitHub Actions: the workflow)",
    )
    parser.add_argument("--issuer", metavar="URL", default=GITHUB_ISSUER, help="keyless: OIDC issuer of that identity")


@contextmanager
def chosen(arguments: argparse.Namespace, *, signs: bool) -> Iterator[Signer]:
    """The signer of the command line.

    Args:
        arguments: of the command.
        signs: whether the command signs. One that only verifies has to be told whose signature is believed: whatever
            workflow it runs in would otherwise believe itself, on any branch or tag.

    Raises:
        CannotWork: there is neither a key nor an identity, or the key cannot be used.
    """
    if not arguments.key:
        yield _keyless(arguments.identity or (_own_identity() if signs else ""), arguments.issuer)
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield _with_key(arguments.key, Path(scratch))


def _own_identity() -> str:
    """The identity of the workflow on GitHub that this runs in; empty elsewhere."""
    workflow = os.environ.get("GITHUB_WORKFLOW_REF")
    return f"{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{workflow}" if workflow else ""


def _keyless(identity: str, issuer: str) -> Signer:
    if not identity:
        raise CannotWork(f"whose signature? Give --key FILE ({MAKE_A_KEY}), or --identity URL")
    return Signer((), Verifier(attestations.identity_arguments(identity, issuer), run))


def _with_key(key: Path, scratch: Path) -> Signer:
    """A signer with a key pair. It uses no transparency log and no certificate authority, so it works offline."""
    if not key.is_file():
        raise CannotWork(f"there is no key {key}; {MAKE_A_KEY}")
    public = key
    if "PRIVATE KEY" in key.read_text():
        if PASSWORD not in os.environ:
            raise CannotWork(f"{key} is a private key: its password has to be in {PASSWORD} (empty if it has none)")
        public = scratch / "key.pub"
        public.write_text(run(["cosign", "public-key", "--key", str(key)]))
    nobody, nothing = scratch / "signing-config.json", scratch / "trusted-root.json"
    run(["cosign", "signing-config", "create", "--out", str(nobody)])
    run(["cosign", "trusted-root", "create", "--out", str(nothing)])
    return Signer(
        ("--key", str(key), f"--signing-config={nobody}", f"--trusted-root={nothing}"),
        Verifier(attestations.key_arguments(str(public), str(nothing)), run),
    )
