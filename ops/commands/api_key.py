"""Make a key for one caller.

`make api-key NAME=ci`: its hash goes into the stack file, the key itself is kept nowhere.
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
from ops.stack.cli import StackError

KEY_BYTES = 32
"""Nobody guesses it, so a plain SHA-256 of it is enough (NIST SP 800-63B, section 5.1.2.2: 112 bits)."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `api-key` takes."""
    parser.add_argument("--name", default="", help="whose key")


def run(arguments: argparse.Namespace) -> int:
    """Make the key."""
    return make(arguments.stack, arguments.name)


def make(of_stack: str, name: str) -> int:
    """Make a key for `name`, store its hash as a secret, and print the key, once.

    Raises:
        StackError: when the name cannot be one, or has a key already.
    """
    if not re.fullmatch(NAME, name):
        raise StackError(f'NAME="{name}": letters, digits and . _ @ - make a name, such as NAME=ci')
    path = member("edge.authentication.apiKeys", name)
    if cli.setting(of_stack, "edge", "authentication", "apiKeys", name) is not None:
        raise StackError(
            f"{name} has a key already, which only its hash is kept of. A second name lets both work for a while; "
            f"to revoke the first: pulumi config rm --stack {of_stack} --path '{path}'"
        )
    key = secrets.token_urlsafe(KEY_BYTES)
    digest = hashlib.sha256(key.encode()).hexdigest()
    done = cli.asked("config", "set", "--secret", "--path", path, "--stack", of_stack, stdin=digest)
    if done.returncode != 0:
        raise StackError(f"the key of {name} was not stored: {done.stderr.strip()}")
    print(f"The key of {name}, shown this once; it is sent as X-API-Key, from the next `make up` on:", file=sys.stderr)
    print(key)
    return 0
