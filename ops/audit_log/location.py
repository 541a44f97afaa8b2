"""The locations of the state and of the audit log, which is beside the state unless `MIMIR_AUDIT_LOG` is set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from ops.stack import yaml_file
from ops.stack.stack_error import StackError

VARIABLE = "MIMIR_AUDIT_LOG"
"""Environment variable with another location of the log: a URL in Pulumi's form, such as s3://bucket/folder."""

LOG_FOLDER = ".mimir/deployments"
"""Folder of the log, beside the state."""

KINDS = "file://, s3://, gs:// or azblob://"


@dataclass(frozen=True)
class Location:
    """A folder, in fsspec's terms.

    Attributes:
        protocol: fsspec's protocol: file, s3, gs or abfs.
        folder: path of the folder; for object stores it starts with the bucket or container.
        options: options for the file system; never printed, because they may contain a key.
    """

    protocol: str
    folder: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"{self.protocol}://{self.folder}"

    def below(self, *names: str) -> Location:
        """A folder below this one."""
        return Location(self.protocol, "/".join([self.folder.rstrip("/"), *names]), self.options)


def project() -> dict[str, Any]:
    """The content of Pulumi.yaml."""
    return yaml_file.read(Path("Pulumi.yaml"))


def backend(environment: Mapping[str, str] = os.environ) -> str:
    """The URL of the state backend: `PULUMI_BACKEND_URL`, else that of Pulumi.yaml; absolute for folders.

    Raises:
        StackError: neither is set, and a record must name its state.
    """
    url = environment.get("PULUMI_BACKEND_URL") or (project().get("backend") or {}).get("url")
    if not url:
        raise StackError("no state backend is configured: set backend.url in Pulumi.yaml, or PULUMI_BACKEND_URL")
    return absolute(str(url))


def absolute(url: str) -> str:
    """`url` with an absolute path, if it is a folder; relative paths start at the project."""
    if not url.startswith("file://"):
        return url.rstrip("/")
    path, separator, query = url.removeprefix("file://").partition("?")
    return f"file://{Path(path or '.').expanduser().resolve()}{separator}{query}"


def redact_url(url: str) -> str:
    """`url` without its user info and its query, which may contain credentials."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def log_location(stack: str, backend_url: str, environment: Mapping[str, str] = os.environ) -> Location:
    """The location of a stack's audit log.

    Args:
        stack: name of the stack.
        backend_url: URL of its state backend.
        environment: environment with `MIMIR_AUDIT_LOG` and the store's credentials.

    Raises:
        StackError: the log cannot be beside the state, and `MIMIR_AUDIT_LOG` is not set.
    """
    project_name = str(project().get("name"))
    if url := environment.get(VARIABLE):
        return parse_url(url, environment).below(project_name, stack)
    if not is_folder(backend_url):
        raise StackError(
            f"the audit log of deployments cannot be stored beside the state in {redact_url(backend_url)}; "
            f"set its own location ({KINDS}): export {VARIABLE}=s3://<bucket>/<folder>"
        )
    return parse_url(backend_url, environment).below(LOG_FOLDER, project_name, stack)


def is_folder(url: str) -> bool:
    """Whether `url` is a folder or a bucket of a supported kind."""
    return urlsplit(url).scheme in _PARSERS


def parse_url(url: str, environment: Mapping[str, str] = os.environ) -> Location:
    """Parse the URL of a folder or bucket, in Pulumi's form.

    Args:
        url: the URL.
        environment: environment with the store's credentials.

    Raises:
        StackError: the kind of URL is not supported.
    """
    parts = urlsplit(url)
    if not is_folder(url):
        raise StackError(f"{VARIABLE}={redact_url(url)}: the audit log can be kept in {KINDS}")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    bucket = f"{parts.netloc}{parts.path}".rstrip("/")
    return _PARSERS[parts.scheme](absolute(url), bucket, query, environment)


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
    """Pulumi and adlfs read the account from different environment variables."""
    options = {
        "account_name": query.get("storage_account") or environment.get("AZURE_STORAGE_ACCOUNT"),
        "account_key": environment.get("AZURE_STORAGE_KEY"),
        "sas_token": environment.get("AZURE_STORAGE_SAS_TOKEN"),
    }
    return Location("abfs", container, {name: value for name, value in options.items() if value})


_PARSERS = {"file": _folder, "s3": _s3, "gs": _gs, "azblob": _azblob}
