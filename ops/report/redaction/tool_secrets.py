"""Secrets that deployment tools read from the environment and from the user's credential files."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

LARGEST = 1 << 20
"""Bytes of the largest file that is read for its secrets."""

NAME = re.compile(
    r"token|secret|passw|passphrase|passwd|credential|"
    r"(^|[_.-])(pass|pwd|pw|key|keys|auth|sas|dsn|pat|cookie|jwt|bearer)([_.-]|$)|"
    r"(?-i:(Pass|Key|Auth|Cookie))([^a-z]|$)|apikey|connection.?string",
    re.IGNORECASE,
)
"""Names of variables and of entries whose values are secrets."""

NO_SECRET = re.compile(r"_(FILE|PATH|DIR|SOCK|URL|HOST|USER(NAME)?)$|^(OLD)?PWD$|^SSH_AUTH_SOCK$", re.IGNORECASE)
"""Names of variables that hold a path, an address or a user, although they match `NAME`."""

ASSIGNMENT = re.compile(r"""^\s*["']?([\w.-]+)["']?\s*[=:]\s*["']?(.+?)["']?\s*$""", re.MULTILINE)
AUTHORIZATION = re.compile(r"authorization:\s*\w+\s+(\S+)", re.IGNORECASE)
"""A header in a variable, such as `GIT_CONFIG_VALUE_0` of a pipeline."""

NETRC = re.compile(r"\b(password|account)\s+(\S+)")

FILES = {
    "KUBECONFIG": "~/.kube/config",
    "DOCKER_CONFIG": "~/.docker",
    "PULUMI_CREDENTIALS_PATH": "~/.pulumi",
    "GOOGLE_APPLICATION_CREDENTIALS": "~/.config/gcloud/application_default_credentials.json",
    "GOOGLE_CREDENTIALS": "",
    "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials",
    "NETRC": "~/.netrc",
}
"""Files with credentials: the variable that names each, and where it is when that is not set."""

IN_FOLDER = {"DOCKER_CONFIG": "config.json", "PULUMI_CREDENTIALS_PATH": "credentials.json"}
"""Variables that name a folder, and the file in it."""


def leaves(value: Any) -> list[str]:
    """Every text and number in `value`, which may be nested."""
    if isinstance(value, Mapping):
        return [leaf for below in value.values() for leaf in leaves(below)]
    if isinstance(value, list | tuple):
        return [leaf for below in value for leaf in leaves(below)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def named_leaves(value: Any) -> list[str]:
    """The texts in `value` below an entry that is named like a secret."""
    if isinstance(value, Mapping):
        return [
            leaf
            for key, below in value.items()
            for leaf in (leaves(below) if _is_secret(str(key)) else named_leaves(below))
        ]
    return [leaf for below in value for leaf in named_leaves(below)] if isinstance(value, list) else []


def parsed(text: str) -> Any:
    """What a text in JSON or YAML holds, such as a kubeconfig; None for another text."""
    if not (text.lstrip()[:1] in ("{", "[") or re.search(r"^[\w\"'-]+:(\s|$)", text, re.MULTILINE)):
        return None
    for read in (json.loads, yaml.safe_load):
        try:
            content = read(text)
        except (ValueError, yaml.YAMLError, RecursionError):
            continue
        return content if isinstance(content, Mapping | list) else None
    return None


def environment_secrets(environment: Mapping[str, str]) -> list[str]:
    """The secrets in variables: by the variable's name, in the entries of structured ones, and passwords in URLs."""
    secrets: list[str] = []
    for name, value in environment.items():
        if _is_secret(name) and not NO_SECRET.search(name) and not _is_file(value):
            secrets.append(value)
        secrets += named_leaves(parsed(value)) if value[:1] in ("{", "[") else []
        secrets += [*_in_url(value), *AUTHORIZATION.findall(value)]
    return secrets


def file_secrets(environment: Mapping[str, str]) -> list[str]:
    """The passphrase, and the secrets in files from which the tools read credentials."""
    phrase = _read(Path(environment.get("PULUMI_CONFIG_PASSPHRASE_FILE") or ".passphrase"))
    secrets = [phrase.strip()] if phrase else []
    for file in _files(environment):
        secrets += text_secrets(_read(file))
    return secrets


def text_secrets(text: str) -> list[str]:
    """The secrets in the text of a file with credentials."""
    structured = parsed(text)
    entries = named_leaves(structured) if structured is not None else _assigned(text)
    return [*entries, *(decoded for entry in entries for decoded in _decoded(entry))]


def _assigned(text: str) -> list[str]:
    """Of an INI file and of a netrc."""
    assigned = [value for key, value in ASSIGNMENT.findall(text) if _is_secret(key)]
    return [*assigned, *(value for _, value in NETRC.findall(text))]


def _decoded(entry: str) -> Iterator[str]:
    """The decoded form of a base64 entry: `user:password` of Docker, a private key of a kubeconfig."""
    try:
        content = base64.b64decode(entry, validate=True).decode()
    except (binascii.Error, ValueError):
        return
    if content.isprintable() or content.startswith("-----BEGIN"):
        yield content
        yield content.partition(":")[2]


def _is_secret(name: str) -> bool:
    return NAME.search(name) is not None


def _in_url(value: str) -> Iterator[str]:
    """The passwords of the URLs in a value, as they are written and as they are meant."""
    for url in re.findall(r"[A-Za-z][\w+.-]*://[^\s,|]+@[^\s,|]*", value):
        try:
            password = urlsplit(url).password
        except ValueError:
            continue
        if password:
            yield from {password, unquote(password)}


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    for variable, usual in FILES.items():
        named = environment.get(variable) or usual
        for place in named.split(":") if variable == "KUBECONFIG" else [named]:
            if place and place[:1] not in ("{", "["):
                home = environment.get("HOME")
                path = Path(place.replace("~", home, 1) if home and place.startswith("~") else place)
                yield path / IN_FOLDER[variable] if variable in IN_FOLDER else path


def _is_file(value: str) -> bool:
    try:
        return "/" in value and Path(value).is_file()
    except (OSError, ValueError):
        return False


def _read(file: Path) -> str:
    """The text of a file; nothing where it is not there, not readable or too large."""
    try:
        return file.read_text(errors="replace") if file.is_file() and file.stat().st_size <= LARGEST else ""
    except (OSError, ValueError):
        return ""
