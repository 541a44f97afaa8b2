"""The kubeconfig, cut down to the one context that the settings name."""

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
    """How one cluster is reached.

    Attributes:
        document: a kubeconfig with the chosen context alone, so that a change of another one changes nothing here.
        server: URL of the API server.
        file: the kubeconfig, where the settings name one.
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
        """How a person asks the same cluster; quoted, because `make check` runs it, and a name may hold anything."""
        own = f" --kubeconfig {shlex.quote(self.file)}" if self.file else ""
        return f"kubectl{own} --context {shlex.quote(self.context)}"

    @property
    def is_local(self) -> bool:
        """Whether the cluster runs on this machine."""
        return is_loopback_host(urlsplit(self.server).hostname or "")


def read(settings: Settings) -> Access | Problem:
    """The access that the settings name, or why there is none."""
    wanted = settings.kubernetes.context
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
    context = merged["contexts"].get(str(wanted))
    if context is None:
        return _no_context(str(wanted), sorted(merged["contexts"]), files)
    cluster = merged["clusters"].get(str(context.get("cluster")))
    user = merged["users"].get(str(context.get("user")), {})
    if not cluster or not cluster.get("server"):
        return _unreadable(files[0], f'context "{wanted}" names a cluster that is not there')
    return Access(_document(str(wanted), cluster, user), str(cluster["server"]), settings.kubernetes.kubeconfig)


def _is_kubeconfig(document: Any) -> bool:
    """Whether a document is of a kubeconfig's form: lists of named objects."""
    return isinstance(document, dict) and all(
        isinstance(entries, list)
        and all(isinstance(entry, dict) and isinstance(entry.get(kind) or {}, dict) for entry in entries)
        for kind in ("context", "cluster", "user")
        for entries in [document.get(f"{kind}s") or []]
    )


def _files(settings: Settings) -> list[Path]:
    if settings.kubernetes.kubeconfig:
        return [Path(settings.kubernetes.kubeconfig).expanduser()]
    named = [Path(one) for one in os.environ.get("KUBECONFIG", "").split(os.pathsep) if one]
    return named or [Path("~/.kube/config").expanduser()]


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
    own: dict[str, Any] = {
        key: str((file.parent / body[key]).absolute()) for key in FILES.get(kind, ()) if body.get(key)
    }
    login = body.get("exec")
    if isinstance(login, dict) and os.sep in str(login.get("command")):  # a plain name is looked for in PATH
        own["exec"] = {**login, "command": str((file.parent / login["command"]).absolute())}
    return {**body, **own}


def _where(error: yaml.YAMLError) -> str:
    """Where a file stops being YAML; the error's own words may repeat a token."""
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    return f"not YAML, line {mark.line + 1}" if mark else "not YAML"


def _unreadable(file: Path, why: str) -> Problem:
    return Problem(
        "mimir:kubernetes.kubeconfig",
        f'"{file}" cannot be used ({why})',
        "a kubeconfig file that this user can read",
        "kubectl config view",
    )


def _no_context(wanted: str, known: list[str], files: list[Path]) -> Problem:
    where = ", ".join(map(str, files))
    if not known:
        return Problem(
            "mimir:kubernetes.kubeconfig",
            f"no context in {where}",
            "a kubeconfig with the cluster to deploy to; without one, a test cluster of your own",
            "make cluster   # or: export KUBECONFIG=...",
        )
    return Problem(
        "mimir:kubernetes.context",
        f'"{wanted}", which is not in {where}',
        f"one of: {', '.join(known)}",
        f"pulumi config set --path 'mimir:kubernetes.context' {known[0]}",
    )
