"""Create an API key for one caller, print it once, and store its hash in the stack file.

The key itself is not stored. Example: `make api-key NAME=ci`.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import secrets
import sys

from components.problems import member
from components.settings.authentication import NAME
from ops.stack import cli
from ops.stack.stack_error import StackError

KEY_BYTES = 32
"""Length of the random key. At 112 bits or more, a plain SHA-256 is sufficient (NIST SP 800-63B, section 5.1.2.2)."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `api-key`."""
    parser.add_argument("--name", default="", help="name of the caller, such as ci")


def run(arguments: argparse.Namespace) -> int:
    """Create the key."""
    return create_key(arguments.stack, arguments.name)


def create_key(stack: str, name: str) -> int:
    """Create a key for `name`, store its hash as a secret, and print the key once.

    Args:
        stack: name of the stack.
        name: name of the caller.

    Raises:
        StackError: the name is invalid, or has a key already.
    """
    if not re.fullmatch(NAME, name):
        raise StackError(f'NAME="{name}": a name consists of letters, digits and . _ @ -, such as NAME=ci')
    path = member("edge.authentication.apiKeys", name)
    if cli.setting(stack, "edge", "authentication", "apiKeys", name) is not None:
        raise StackError(
            f"{name} has a key already, and only its hash is stored. To rotate it, create a key with a second name: "
            f"both are valid until you revoke the first: pulumi config rm --stack {stack} --path '{path}'"
        )
    key = secrets.token_urlsafe(KEY_BYTES)
    digest = hashlib.sha256(key.encode()).hexdigest()
    result = cli.run_captured("config", "set", "--secret", "--path", path, "--stack", stack, stdin=digest)
    if result.returncode != 0:
        raise StackError(f"the key of {name} was not stored: {result.stderr.strip()}")
    print(
        f"The key of {name}, printed only once. Send it as X-API-Key; it is valid from the next `make up`:",
        file=sys.stderr,
    )
    print(key)
    return 0
