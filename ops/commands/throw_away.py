"""Create a temporary stack for previews without secrets and state, as in a pull request from a fork."""

from __future__ import annotations

import argparse
import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from ops.stack.cli import run_captured, select
from ops.stack.stack_error import StackError
from toolchain.cluster_context import context_of

NEEDS_STACK = False
SUFFIX = "-throwaway"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `throw-away`."""
    parser.add_argument("--of", required=True, metavar="STACK", help="the stack to copy, without its secrets")


def run(arguments: argparse.Namespace) -> int:
    """Create the stack file `Pulumi.<stack>-throwaway.yaml`, and the stack."""
    original = Path(f"Pulumi.{arguments.of}.yaml")
    if not original.is_file():
        raise StackError(f"there is no {original}")
    name = arguments.of + SUFFIX
    config = without_secrets((yaml.safe_load(original.read_text()) or {}).get("config") or {})
    Path(f"Pulumi.{name}.yaml").write_text(yaml.safe_dump({"config": config}))
    select(name)
    if config.get("mimir:runtime") == "production":
        _set_placeholder_secret(name)
    print(
        f"Created {name}: {arguments.of} without its state and secrets. A preview creates everything; do not deploy it."
    )
    return 0


def without_secrets(config: dict[str, Any]) -> dict[str, Any]:
    """`config` without secrets, and without settings that require one."""
    public = {key: _without_secrets(value) for key, value in config.items() if not _is_secret(value)}
    if "password" not in public.get("mimir:registry", {}):
        public.get("mimir:registry", {}).pop("username", None)
    if public.get("mimir:edge", {}).get("tls", {}).get("mode") == "given":
        del public["mimir:edge"]["tls"]
    if public.get("mimir:platform") == "kubernetes":
        cluster = {key: value for key, value in public.get("mimir:kubernetes", {}).items() if key != "kubeconfig"}
        public["mimir:kubernetes"] = {**cluster, "context": context_of(os.environ)}
    return public


def _set_placeholder_secret(stack: str) -> None:
    """Set a random JWT secret, which a production stack requires."""
    path = "mimir:environment.jwtSecret"
    placeholder = secrets.token_urlsafe(48)
    result = run_captured("config", "set", "--secret", "--path", path, "--stack", stack, stdin=placeholder)
    if result.returncode != 0:
        raise StackError(f"{path} could not be set: {result.stderr.strip()}")


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(member) for key, member in value.items() if not _is_secret(member)}
    return value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and "secure" in value
