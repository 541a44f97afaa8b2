"""Rules for the image: source, build, registry, development mode."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from components.image.ca_bundle import BadBundle, certificates
from components.image.registry import is_loopback, is_loopback_host
from components.problems import Problem, remove
from components.settings import Settings
from components.source.source import ALLOWED_URLS, is_url, location_fault, shown, suggestion


def registry_credentials(settings: Settings) -> Iterator[Problem]:
    """A user name and a password are set together."""
    registry = settings.registry
    if registry.username and registry.password is None:
        yield Problem(
            "mimir:registry.password",
            "nothing",
            f"the password of {registry.username}",
            "pulumi config set --secret --path 'mimir:registry.password'   # asks for the value",
        )
    if registry.password is not None and not registry.username:
        yield Problem(
            "mimir:registry.username",
            "nothing, but a password",
            "the user of that password",
            "pulumi config set --path 'mimir:registry.username' ci",
        )


def remote_engine(settings: Settings) -> Iterator[Problem]:
    """An engine on another machine can use neither a loopback registry nor a local source folder."""
    host = urlsplit(settings.docker.host or "").hostname
    if not host or is_loopback_host(host):
        return
    if is_loopback(settings.registry):
        yield Problem(
            "mimir:registry.address",
            f'"{settings.registry.address}", with an engine on another machine (`docker.host`)',
            "a registry that the engine can pull from",
            "pulumi config set --path 'mimir:registry.address' registry.example.com",
        )
    if settings.live_reload:
        yield Problem(
            "mimir:liveReload",
            "true, with an engine on another machine (`docker.host`)",
            "false there: the source folder is on this machine",
            "pulumi config rm liveReload",
        )


def ca_bundle(settings: Settings) -> Iterator[Problem]:
    """The CA bundle is a readable PEM file that contains only certificates."""
    bundle = settings.image.ca_bundle
    if not bundle:
        return
    try:
        certificates(Path(bundle))
    except BadBundle as error:
        yield Problem(
            "mimir:image.caBundle",
            f'"{bundle}", {error}',
            "a readable PEM file with certificates and nothing secret",
            "pulumi config rm --path 'mimir:image.caBundle'",
        )


def prebuilt_digest(settings: Settings) -> Iterator[Problem]:
    """Development mode builds an image, so it cannot deploy a prebuilt one."""
    if settings.image.digest and settings.live_reload:
        yield Problem(
            "mimir:image.digest",
            "a digest, with `liveReload`, which builds an image of its own",
            "one of the two",
            remove("mimir:image.digest"),
        )


def source_location(settings: Settings) -> Iterator[Problem]:
    """The source is a folder with a Go module, or a git URL without credentials and with a commit."""
    source = settings.source
    if re.match(r"https?://[^/]*@", source.location):
        yield Problem(
            "mimir:source.location",
            "a URL with credentials (not shown)",
            "a URL without them; git asks its credential helper",
            "git config --global credential.helper cache",
        )
    elif fault := location_fault(source.location):
        yield Problem(
            "mimir:source.location",
            f"{json.dumps(shown(source.location), ensure_ascii=False)}, {fault}",
            f"a folder (./-name for one that begins with -), or {ALLOWED_URLS}",
            "pulumi config set --path 'mimir:source.location' ./sample",
        )
    elif settings.image.digest:
        return  # nothing is built
    elif is_url(source.location):
        if source.commit is None:
            yield Problem(
                "mimir:source.commit",
                "nothing",
                "a full commit, because `source.location` is a URL and what a branch names changes",
                f"pulumi config set --path 'mimir:source.commit' \"$({suggestion(source.location)} HEAD | cut -f1)\"",
            )
    elif not Path(source.location).is_dir():
        yield Problem(
            "mimir:source.location",
            f'"{source.location}", which is not a folder here',
            "a folder with a go.mod, or a git URL",
            "pulumi config set --path 'mimir:source.location' ./sample",
        )
    elif source.commit is None and not (Path(source.location) / "go.mod").is_file():
        yield Problem(
            "mimir:source.location",
            f'"{source.location}", a folder without a go.mod',
            "the folder of a Go module",
            "pulumi config set --path 'mimir:source.location' ./sample",
        )


def live_reload(settings: Settings) -> Iterator[Problem]:
    """Development mode needs a Docker engine, `runtime` development, and a source folder that it can safely mount."""
    if not settings.live_reload:
        return
    fix = "pulumi config rm liveReload"
    if settings.runtime == "production":
        yield Problem("mimir:liveReload", "true, with `runtime` production", "false in production", fix)
    elif settings.platform == "kubernetes":
        yield Problem(
            "mimir:liveReload", "true, with `platform` kubernetes", "false there: no node has the source", fix
        )
    folder = Path(settings.source.location)
    if folder.is_dir() and folder.stat().st_mode & 0o005 != 0o005:
        yield Problem(
            "mimir:source.location",
            f'"{folder}", a folder that only its owner can read, with `liveReload`',
            "a folder that the container's user can read",
            f"chmod -R go+rX -- {shlex.quote(str(folder))}",
        )
    if folder.is_dir() and Path.cwd().is_relative_to(folder.resolve()):
        yield Problem(
            "mimir:source.location",
            f'"{folder}", which holds this project with its state and passphrase, with `liveReload`, which mounts it',
            "a folder without this project in it",
            fix,
        )
    if is_url(settings.source.location) or settings.source.commit:
        yield Problem(
            "mimir:liveReload",
            "true, with a source that cannot be edited",
            "a folder in `source.location`, and no `source.commit`",
            fix,
        )
