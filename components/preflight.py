"""What must be true of the machine before anything is created."""

from __future__ import annotations

import re
import shlex

import pulumi

from components import platform
from components.application import application
from components.constants import UPDATE_WOULD_FAIL
from components.edge import certificate, edge_spec
from components.edge.haproxy import check as haproxy
from components.edge.haproxy import files
from components.edge.haproxy.backend import Backend
from components.image import image_signature, prebuilt_image, registry
from components.image.build_context import BuildContext, stage
from components.platform import Platform
from components.problems import DeploymentError, Problem
from components.settings import Settings
from components.source import main_package
from components.source.source import GitError, suggestion


def check(settings: Settings, stack: str) -> tuple[BuildContext | None, Platform]:
    """Stage the source, unless a digest is given, and look at the engine or the cluster, and at the registry.
    In production, a given digest must bear the signature that is believed.

    A preview pushes nothing, so there an absent registry is a warning: a pull request has no credentials.

    Raises:
        DeploymentError: with everything that is in the way.
    """
    context = None if settings.image.digest else _context(settings)
    found, away = platform.inspect_platform(settings, stack), registry.problems(settings)
    given = [] if away else prebuilt_image.problems(settings) or image_signature.problems(settings, stack)
    if pulumi.runtime.is_dry_run():
        for problem in away:
            pulumi.log.warn(f"{UPDATE_WOULD_FAIL}{problem}")
        away = []
    problems = [
        *_edge(settings, stack),
        *([context] if isinstance(context, Problem) else []),
        *(found if isinstance(found, list) else []),
        *away,
        *given,
    ]
    if problems or isinstance(context, Problem) or isinstance(found, list):
        raise DeploymentError(stack, problems)
    return context, found


def _edge(settings: Settings, stack: str) -> list[Problem]:
    """What HAProxy has against its configuration, where it can be asked on this machine."""
    if settings.edge.kind != "haproxy":
        return []
    mimir = application.describe(settings, stack)
    backend = Backend("application", mimir.port)
    rendered = files.render(edge_spec.describe(settings, mimir), backend, certificate.configured_certificate(settings))
    return haproxy.configuration_problems(rendered) or []


def _context(settings: Settings) -> BuildContext | Problem:
    source = settings.source
    try:
        context = stage(settings)
        # In development mode the source is mounted, and the compiler says what is wrong with it at every save.
        unfit = None if settings.live_reload else main_package.problem(source, context.path / "app")
        return unfit or context
    except GitError as error:
        if theirs := re.search(r"dubious ownership in repository at '(.+?)'", str(error)):
            return Problem(
                "mimir:source.location",
                f'"{source.location}", a repository that belongs to another user ({error})',
                "a repository of this user, or one that git is told to trust",
                f"git config --global --add safe.directory {shlex.quote(theirs[1])}",
            )
        return Problem(
            "mimir:source.commit",
            f'"{source.commit}" cannot be had from "{source.location}" ({error})',
            "a commit that the repository has and this user may read",
            suggestion(source.location),
        )
    except OSError as error:
        return Problem(
            "mimir:source.location",
            f'"{source.location}" cannot be read ({error})',
            "a folder that this user can read",
            f"ls -la -- {shlex.quote(source.location)}",
        )
