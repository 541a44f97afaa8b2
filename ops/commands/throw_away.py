"""A stack to preview with where neither secrets nor state can be had, as in a pull request from a fork."""

from __future__ import annotations

import argparse
import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from ops.stack.cli import StackError, asked, select
from toolchain.cluster_context import context_of

NEEDS_STACK = False
SUFFIX = "-throwaway"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `throw-away` takes."""
    parser.add_argument("--of", required=True, metavar="STACK", help="the stack that it is like")


def run(arguments: argparse.Namespace) -> int:
    """Make the stack file `Pulumi.<stack>-throwaway.yaml`, and the stack."""
    known = Path(f"Pulumi.{arguments.of}.yaml")
    if not known.is_file():
        raise StackError(f"there is no {known}")
    name = arguments.of + SUFFIX
    config = like((yaml.safe_load(known.read_text()) or {}).get("config") or {})
    Path(f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": config}))
    select(name)
    if config.get("mimir:runtime") == "production":
        _made_up_secret(name)
    print(f"{name} is {arguments.of} without its state and secrets: all of it is new, and no update may use it.")
    return 0


def like(config: dict[str, Any]) -> dict[str, Any]:
    """`config` without anything secret, and without what makes no sense then."""
    left = {key: _without_secrets(value) for key, value in config.items() if not _is_secret(value)}
    if "password" not in left.get("mimir:registry", {}):
        left.get("mimir:registry", {}).pop("username", None)
    if left.get("mimir:edge", {}).get("tls", {}).get("mode") == "given":
        del left["mimir:edge"]["tls"]
    if left.get("mimir:platform") == "kubernetes":
        own = {key: value for key, value in left.get("mimir:kubernetes", {}).items() if key != "kubeconfig"}
        left["mimir:kubernetes"] = {**own, "context": context_of(os.environ)}
    return left


def _made_up_secret(stack: str) -> None:
    """Production wants a secret."""
    path = "mimir:environment.jwtSecret"
    made_up = secrets.token_urlsafe(48)
    done = asked("config", "set", "--secret", "--path", path, "--stack", stack, stdin=made_up)
    if done.returncode != 0:
        raise StackError(f"no secret could be set: {done.stderr.strip()}")


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(one) for key, one in value.items() if not _is_secret(one)}
    return value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and "secure" in value
