"""Where the state lies, and where the audit log does: beside it, unless `MIMIR_AUDIT_LOG` names another place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from ops.stack import yaml_file
from ops.stack.cli import StackError

VARIABLE = "MIMIR_AUDIT_LOG"
"""Environment variable that names another place for the log: a URL as Pulumi writes them, such as s3://bucket/folder."""

BESIDE = ".mimir/deployments"
"""The log's folder beside the state."""

KINDS = "file://, s3://, gs:// or azblob://"


@dataclass(frozen=True)
class Location:
    """A folder, as fsspec names it.

    Attributes:
        protocol: fsspec's name of the kind of store: file, s3, gs or abfs.
        folder: the folder, its bucket or container first.
        options: what the store is opened with; may hold a key, and so is never shown.
    """

    protocol: str
    folder: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"{self.protocol}://{self.folder}"

    def below(self, *names: str) -> Location:
        """A folder in this one."""
        return Location(self.protocol, "/".join([self.folder.rstrip("/"), *names]), self.options)


def project() -> dict[str, Any]:
    """What Pulumi.yaml says."""
    return yaml_file.read(Path("Pulumi.yaml"))


def backend(environment: Mapping[str, str] = os.environ) -> str:
    """The URL of the state: `PULUMI_BACKEND_URL`, else what Pulumi.yaml says; of folders, an absolute one.

    Raises:
        StackError: when neither names one: a record must say which state it is about.
    """
    url = environment.get("PULUMI_BACKEND_URL") or (project().get("backend") or {}).get("url")
    if not url:
        raise StackError("no place of the state is named: set backend.url in Pulumi.yaml, or PULUMI_BACKEND_URL")
    return absolute(str(url))


def absolute(url: str) -> str:
    """`url`, with the path of a folder made absolute, as seen from the project."""
    if not url.startswith("file://"):
        return url.rstrip("/")
    path, mark, query = url.removeprefix("file://").partition("?")
    return f"file://{Path(path or '.').expanduser().resolve()}{mark}{query}"


def shown(url: str) -> str:
    """`url` without what may be a key: the part before the @, and the query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def of_log(stack: str, backend_url: str, environment: Mapping[str, str] = os.environ) -> Location:
    """Where the log of `stack` lies, whose state lies in `backend_url`.

    Raises:
        StackError: when the log cannot lie beside the state, and no other place is named.
    """
    owner = str(project().get("name"))
    if chosen := environment.get(VARIABLE):
        return of_url(chosen, environment).below(owner, stack)
    if not is_folder(backend_url):
        raise StackError(
            f"the audit log of deployments cannot lie beside the state in {shown(backend_url)}; "
            f"name a place of its own that keeps objects ({KINDS}): export {VARIABLE}=s3://<bucket>/<folder>"
        )
    return of_url(backend_url, environment).below(BESIDE, owner, stack)


def is_folder(url: str) -> bool:
    """Whether `url` is a folder or bucket of a kind that is known here."""
    return urlsplit(url).scheme in _FINDERS


def of_url(url: str, environment: Mapping[str, str] = os.environ) -> Location:
    """The folder that a URL in Pulumi's form names.

    Raises:
        StackError: for another kind of URL.
    """
    parts = urlsplit(url)
    if not is_folder(url):
        raise StackError(f"{VARIABLE}={shown(url)}: the audit log can be kept in {KINDS}")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    bucket = f"{parts.netloc}{parts.path}".rstrip("/")
    return _FINDERS[parts.scheme](absolute(url), bucket, query, environment)


def _folder(url: str, _: str, __: Mapping[str, str], ___: Mapping[str, str]) -> Location:
    return Location("file", url.removeprefix("file://").partition("?")[0])


def _s3(_: str, bucket: str, query: Mapping[str, str], __: Mapping[str, str]) -> Location:
    options: dict[str, Any] = {}
    if endpoint := query.get("endpoint"):
        plain = "true" in (query.get("disableSSL"), query.get("disable_https"))
        options["endpoint_url"] = endpoint if "://" in endpoint else f"http{'' if plain else 's'}://{endpoint}"
    if profile := query.get("profile"):
        options["profile"] = profile
    if region := query.get("region"):
        options["client_kwargs"] = {"region_name": region}
    if "true" in (query.get("s3ForcePathStyle"), query.get("use_path_style")):
        options["config_kwargs"] = {"s3": {"addressing_style": "path"}}
    return Location("s3", bucket, options)


def _gs(_: str, bucket: str, __: Mapping[str, str], ___: Mapping[str, str]) -> Location:
    return Location("gs", bucket)


def _azblob(_: str, container: str, query: Mapping[str, str], environment: Mapping[str, str]) -> Location:
    """Pulumi and adlfs read the account from variables of other names."""
    known = {
        "account_name": query.get("storage_account") or environment.get("AZURE_STORAGE_ACCOUNT"),
        "account_key": environment.get("AZURE_STORAGE_KEY"),
        "sas_token": environment.get("AZURE_STORAGE_SAS_TOKEN"),
    }
    return Location("abfs", container, {name: value for name, value in known.items() if value})


_FINDERS = {"file": _folder, "s3": _s3, "gs": _gs, "azblob": _azblob}
