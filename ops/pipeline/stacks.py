"""The stacks that a local run deploys: made from committed templates, removed with one command."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components.docker.engine import engine
from components.docker.labels import DEPLOYMENT
from components.kubernetes.labels import INSTANCE
from ops.pipeline.workspace import PipelineWorkspace
from ops.stack.stack_error import StackError
from toolchain.cluster_context import context_of, is_named

TEMPLATES = Path("ops/pipeline/stacks")
SECRET = "mimir:environment.jwtSecret"


def write(place: PipelineWorkspace, checkout: Path) -> None:
    """Make both stacks in `checkout`, with the state and the secrets of the runs before.

    Raises:
        StackError: when the CLI refuses.
    """
    venv = checkout / ".venv"
    if not venv.exists():
        venv.symlink_to(Path(".venv").absolute())  # which Pulumi runs dynamic resources in
    signed = {"mimir:image": {"signature": {"key": str(place.key.with_suffix(".pub"))}}}
    own: dict[str, dict[str, Any]] = {
        place.staging: {"mimir:edge": {"port": place.port}, **signed},
        place.production: signed,
    }
    for stack, template in ((place.staging, "staging.yaml"), (place.production, "production.yaml")):
        file = checkout / f"Pulumi.{stack}.yaml"
        file.write_text(yaml.safe_dump(_merged(checkout / TEMPLATES / template, place, stack, own[stack])))
        _pulumi(place, checkout, "stack", "select", "--create", stack)
        if "secure" not in file.read_text():
            # Through stdin: every user of a machine can read the arguments of a process.
            text = secrets.token_urlsafe(48)
            _pulumi(place, checkout, "config", "set", "--secret", "--path", SECRET, "--stack", stack, stdin=text)
        shutil.copyfile(file, place.stack_file(stack))


def _merged(template: Path, place: PipelineWorkspace, stack: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """The template, what this place adds, and what only earlier runs know: the salt and the secret.

    On a cluster that the user names, the default says how long name servers keep an answer.
    """
    document: dict[str, Any] = yaml.safe_load(template.read_text())
    config = document["config"] = {**document["config"], **own, "mimir:registry": {"repository": place.name}}
    if is_named(os.environ) and "mimir:kubernetes" in config:
        kubernetes = {key: value for key, value in config["mimir:kubernetes"].items() if key != "dnsSeconds"}
        config["mimir:kubernetes"] = {**kubernetes, "context": context_of(os.environ)}
    kept = yaml.safe_load(place.stack_file(stack).read_text()) if place.stack_file(stack).exists() else {}
    if "encryptionsalt" in kept:
        document["encryptionsalt"] = kept["encryptionsalt"]
        jwt_secret = kept["config"]["mimir:environment"].get("jwtSecret")
        config["mimir:environment"] = {
            **config["mimir:environment"],
            **({"jwtSecret": jwt_secret} if jwt_secret else {}),
        }
    return document


def remove(place: PipelineWorkspace) -> int:
    """Destroy both stacks, with the data that is protected as everywhere else; the CLI's exit code.

    The evidence of the runs stays.

    Raises:
        StackError: when the CLI refuses something else than to destroy, or the cluster to forget the data.
    """
    for stack in (place.production, place.staging):
        if not place.stack_file(stack).exists():
            continue
        file = ("--config-file", str(place.stack_file(stack)), "--stack", stack)
        _pulumi(place, Path(), "state", "unprotect", "--all", "--yes", "--stack", stack)
        destroyed = subprocess.run(["pulumi", "destroy", "--yes", *file], env=place.environment(), check=False)
        if destroyed.returncode != 0:
            return destroyed.returncode
        _pulumi(place, Path(), "stack", "rm", "--yes", "--preserve-config", stack)
        _forget_data(stack, yaml.safe_load(place.stack_file(stack).read_text())["config"])
        place.stack_file(stack).unlink()
    return 0


def _forget_data(stack: str, config: Mapping[str, Any]) -> None:
    """What a destroyed stack keeps on its platform: it holds data."""
    if config.get("mimir:platform") != "kubernetes":
        for volume in engine.client(None).volumes.list(filters={"label": f"{DEPLOYMENT}=mimir-{stack}"}):
            volume.remove()
        return
    context = str(config["mimir:kubernetes"]["context"])
    # By the label, and not by a name: only what the stack has made.
    command = ["kubectl", "--context", context, "delete", "namespace", "--selector", f"{INSTANCE}=mimir-{stack}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"namespace mimir-{stack} is not deleted: {done.stderr.strip()}")


def _pulumi(place: PipelineWorkspace, folder: Path, *arguments: str, stdin: str | None = None) -> None:
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=folder,
        env=place.environment(),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StackError(f"pulumi {arguments[0]} failed: {done.stderr.strip()}")
