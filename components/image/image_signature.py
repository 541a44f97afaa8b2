"""Verifies the signature of a prebuilt image before anything is changed.

An image that this run builds and pushes is not verified: its digest is the one that the builder reports, whatever else
is in the registry.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from components.image import attestations, registry
from components.image.attestations import ToolError, Verifier
from components.problems import Problem, remove
from components.settings import Settings

SECTION = "mimir:image.signature"
ALLOWED_UNSIGNED = Path("policy/unsigned_images.yaml")
"""The platform team's list: production stacks that may deploy unsigned digests, each with a reason."""

SHORTEST_REASON = 20
"""Characters. «No» and «later» are no reasons."""

ENSURE = "python3 -m toolchain ensure --group signature"
LIMIT_SECONDS = 120
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----"


def contradictions(settings: Settings) -> Iterator[Problem]:
    """Settings that exclude each other: a key, an identity, and `allowUnsigned`."""
    signature = settings.image.signature
    choices = {"key": signature.key, "identity": signature.identity, "allowUnsigned": signature.allow_unsigned}
    chosen = [name for name, value in choices.items() if value]
    if len(chosen) > 1:
        yield Problem(SECTION, " and ".join(chosen), "one of them", remove(f"{SECTION}.{chosen[-1]}"))


def problems(settings: Settings, stack: str) -> list[Problem]:
    """Why `image.digest` must not be deployed; the registry is known to have it.

    Args:
        settings: of the stack.
        stack: its name, by which the platform team may allow unsigned images.
    """
    signature = settings.image.signature
    if settings.image.digest is None:
        return []
    if not (signature.key or signature.identity):
        if settings.runtime == "development":
            return []
        return _unsigned(stack) if signature.allow_unsigned else [_nobody(settings)]
    with tempfile.TemporaryDirectory(prefix="mimir-signature-") as scratch:  # made with mode 0700
        return _verified(settings, Path(scratch))


def _verified(settings: Settings, scratch: Path) -> list[Problem]:
    """What the image lacks, as cosign says."""
    signature = settings.image.signature
    reference = f"{registry.repository(settings.registry)}@{settings.image.digest}"
    environment = _environment(settings, scratch)

    def run(command: Sequence[str]) -> str:
        return _run([*command, *_transport(settings, command)], environment)

    try:
        if signature.key:
            if problem := _bad_key(signature.key):
                return [problem]
            run(["cosign", "trusted-root", "create", "--out", str(scratch / "trusted-root.json")])
            arguments = attestations.key_arguments(
                str(Path(signature.key).resolve()), str(scratch / "trusted-root.json")
            )
        else:
            arguments = attestations.identity_arguments(signature.identity or "", signature.issuer)
        missing = attestations.problems(reference, Verifier(arguments, run))
    except (ToolError, ValueError, LookupError, TypeError) as error:
        return [_problem(settings, f"whose signature cannot be verified ({error})", ENSURE)]
    if not missing:
        return []
    by = f"--key {signature.key}" if signature.key else f"--identity {signature.identity} --issuer {signature.issuer}"
    fix = f"python -m ops verify-image --ref {reference} {by}   # repeats it; the signer attaches: python -m ops attest"
    first, *others = missing  # mostly for the same reason
    more = f" (and {len(others)} more)" if others else ""
    return [_problem(settings, f"which has {first}{more}", fix)]


def _bad_key(file: str) -> Problem | None:
    """What is wrong with the file of the public key; never its content."""
    try:
        text = Path(file).read_text()
    except (OSError, ValueError) as error:
        what = f'"{file}", which cannot be read ({type(error).__name__})'
    else:
        if text.lstrip().startswith(PUBLIC_KEY):
            return None
        what = f'"{file}", which is not a public key'
    fix = f"cosign public-key --key signing.key > signing.pub && pulumi config set --path '{SECTION}.key' signing.pub"
    return Problem(f"{SECTION}.key", what, "a readable PEM file with the signer's public key", fix)


def _environment(settings: Settings, scratch: Path) -> Mapping[str, str]:
    """The variables of cosign and crane: where they find the login, and the authorities that they trust."""
    stack_registry, variables = settings.registry, dict(os.environ)
    if stack_registry.username and stack_registry.password:
        login = f"{stack_registry.username}:{stack_registry.password.get_secret_value()}"
        host = "https://index.docker.io/v1/" if stack_registry.address in registry.HUB else stack_registry.address
        auths = {host: {"auth": base64.b64encode(login.encode()).decode()}}
        (scratch / "config.json").write_text(json.dumps({"auths": auths}))
        variables["DOCKER_CONFIG"] = str(scratch)
    if settings.image.ca_bundle:
        variables["SSL_CERT_FILE"] = str(Path(settings.image.ca_bundle).resolve())
    return variables


def _transport(settings: Settings, command: Sequence[str]) -> list[str]:
    """Arguments of a tool for a registry without TLS, or with a certificate that is not trusted."""
    if not settings.registry.insecure:
        return []
    if command[0] == "crane":
        return ["--insecure"]
    return ["--allow-insecure-registry", "--allow-http-registry"] if command[1].startswith("verify") else []


def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run a tool and return its output.

    Raises:
        ToolError: it is not installed, takes too long, or ends with an error.
    """
    program = shutil.which(command[0])
    if program is None:
        raise ToolError(f"{command[0]} is not installed")
    try:
        process = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{command[0]} did not finish in {LIMIT_SECONDS} s") from error
    if process.returncode != 0:
        raise ToolError(process.stderr.strip() or f"{command[0]} ended with status {process.returncode}")
    return process.stdout


def _unsigned(stack: str) -> list[Problem]:
    """Why `allowUnsigned` does not hold for this stack; nothing where the platform team allows it."""
    try:
        document = yaml.safe_load(ALLOWED_UNSIGNED.read_text()) if ALLOWED_UNSIGNED.exists() else None
        reason = str((document or {}).get(stack) or "")
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        reason = ""
    if len(reason.strip()) >= SHORTEST_REASON:
        return []
    return [
        Problem(
            f"{SECTION}.allowUnsigned",
            f"true, and {ALLOWED_UNSIGNED} does not name stack {stack} with a reason",
            f"false, or a reason of at least {SHORTEST_REASON} characters in that file (the platform team's)",
            f'{remove(f"{SECTION}.allowUnsigned")}   # or add to {ALLOWED_UNSIGNED}: "{stack}: <why, and until when>"',
        )
    ]


def _nobody(settings: Settings) -> Problem:
    """Production, and the settings name no trusted signer."""
    return Problem(
        SECTION,
        f"nothing; {settings.image.digest} is not built by this run: whoever can push to the registry may have made it",
        "`key` or `identity` of the signer, because `runtime` is production (docs/supply-chain.md)",
        f"pulumi config set --path '{SECTION}.key' signing.pub   # or .identity; without a digest it is built here",
    )


def _problem(settings: Settings, what: str, fix: str) -> Problem:
    signature = settings.image.signature
    believed = f"the key in {signature.key}" if signature.key else f"{signature.identity}"
    return Problem(
        "mimir:image.digest",
        f'"{settings.image.digest}", {what}',
        f"an image with a signature, provenance and a bill of materials for each platform, signed by {believed}",
        fix,
    )
