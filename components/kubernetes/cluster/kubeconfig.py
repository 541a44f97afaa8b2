"""The kubeconfig, reduced to the context that the settings name."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from components.image.registry import is_loopback_host
from components.problems import Problem
from components.settings import Settings

FILES = {"cluster": ("certificate-authority",), "user": ("client-certificate", "client-key", "tokenFile")}
"""Entries that name a file, relative to the kubeconfig's own folder (kubernetes.io: Organizing Cluster Access)."""


@dataclass(frozen=True)
class Access:
    """How to reach one cluster.

    Attributes:
        document: kubeconfig with the selected context only, so that changes of other contexts change no resource.
        server: URL of the API server.
        file: path of the kubeconfig, if the settings name one.
    """

    document: dict[str, Any] = field(repr=False)
    server: str
    file: str | None = None

    @property
    def context(self) -> str:
        """Name of the context."""
        return str(self.document["current-context"])

    @property
    def kubectl(self) -> str:
        """The `kubectl` command line for this cluster, shell-quoted: `make check` runs it, and names are arbitrary."""
        option = f" --kubeconfig {shlex.quote(self.file)}" if self.file else ""
        return f"kubectl{option} --context {shlex.quote(self.context)}"

    @property
    def is_local(self) -> bool:
        """Whether the cluster runs on this machine."""
        return is_loopback_host(urlsplit(self.server).hostname or "")


def read(settings: Settings) -> Access | Problem:
    """Read the kubeconfig files, and select the context of the settings.

    Args:
        settings: settings of the stack.

    Returns:
        The access to the cluster, or the problem that prevents it.
    """
    context_name = settings.kubernetes.context
    merged: dict[str, dict[str, Any]] = {"contexts": {}, "clusters": {}, "users": {}}
    files = _files(settings)
    for file in files:
        try:
            document = yaml.safe_load(file.read_text()) or {}
        except FileNotFoundError:
            continue  # as kubectl does with the files of KUBECONFIG
        except yaml.YAMLError as error:
            return _unreadable(file, _where(error))
        except (OSError, UnicodeDecodeError) as error:
            return _unreadable(file, str(error).splitlines()[0])
        if not _is_kubeconfig(document):
            return _unreadable(file, "not a kubeconfig")
        for kind, entries in merged.items():
            for entry in document.get(kind) or []:
                body = _with_absolute_files(entry.get(kind.removesuffix("s")) or {}, kind.removesuffix("s"), file)
                entries.setdefault(str(entry.get("name")), body)  # the first file wins, as in kubectl
    context = merged["contexts"].get(str(context_name))
    if context is None:
        return _no_context(str(context_name), sorted(merged["contexts"]), files)
    cluster = merged["clusters"].get(str(context.get("cluster")))
    user = merged["users"].get(str(context.get("user")), {})
    if not cluster or not cluster.get("server"):
        return _unreadable(files[0], f'context "{context_name}" names a cluster that is not there')
    return Access(_document(str(context_name), cluster, user), str(cluster["server"]), settings.kubernetes.kubeconfig)


def _is_kubeconfig(document: Any) -> bool:
    """Check that a document has the structure of a kubeconfig: lists of named objects."""
    return isinstance(document, dict) and all(
        isinstance(entries, list)
        and all(isinstance(entry, dict) and isinstance(entry.get(kind) or {}, dict) for entry in entries)
        for kind in ("context", "cluster", "user")
        for entries in [document.get(f"{kind}s") or []]
    )


def _files(settings: Settings) -> list[Path]:
    if settings.kubernetes.kubeconfig:
        return [Path(settings.kubernetes.kubeconfig).expanduser()]
    paths = [Path(path) for path in os.environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    return paths or [Path("~/.kube/config").expanduser()]


def _document(name: str, cluster: dict[str, Any], user: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
    }


def _with_absolute_files(body: dict[str, Any], kind: str, file: Path) -> dict[str, Any]:
    absolute: dict[str, Any] = {
        key: str((file.parent / body[key]).absolute()) for key in FILES.get(kind, ()) if body.get(key)
    }
    login = body.get("exec")
    if isinstance(login, dict) and os.sep in str(login.get("command")):  # a plain name is looked for in PATH
        absolute["exec"] = {**login, "command": str((file.parent / login["command"]).absolute())}
    return {**body, **absolute}


def _where(error: yaml.YAMLError) -> str:
    """Return the line of a YAML error. The parser's own message may contain a token."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return f"not YAML, line {mark.line + 1}" if mark else "not YAML"


def _unreadable(file: Path, why: str) -> Problem:
    return Problem(
        "mimir:kubernetes.kubeconfig",
        f'"{file}" cannot be used ({why})',
        "a kubeconfig file that this user can read",
        "kubectl config view",
    )


def _no_context(name: str, contexts: list[str], files: list[Path]) -> Problem:
    where = ", ".join(map(str, files))
    if not contexts:
        return Problem(
            "mimir:kubernetes.kubeconfig",
            f"no context in {where}",
            "a kubeconfig with the cluster to deploy to; without one, a test cluster of your own",
            "make cluster   # or: export KUBECONFIG=...",
        )
    return Problem(
        "mimir:kubernetes.context",
        f'"{name}", which is not in {where}',
        f"one of: {', '.join(contexts)}",
        f"pulumi config set --path 'mimir:kubernetes.context' {contexts[0]}",
    )
